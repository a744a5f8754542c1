"""Repairing a body that is JSON but for what no decoder takes and nobody reads: half characters, nesting; pure.

Nothing is repaired that a decoder does not stumble over, so that ordinary updates do not pay for it.
"""

import re

# The deepest thing that anybody reads lies at 6; replies with rich texts nest about 20 deep.
DEEPEST = 64
REPLACEMENT = "\ufffd"

# A string, also one that never ends: without a way back, or many quotes would take a time that grows with their square.
_STRING = re.compile(r'"(?>[^"\\]*(?:\\.[^"\\]*)*)"?', re.DOTALL)
_MARK = re.compile(r'"(?>[^"\\]*(?:\\.[^"\\]*)*)"?|[][{}]', re.DOTALL)
_SUSPECT = re.compile(r"[\x00-\x1f]|\\u")
_CONTROL = re.compile(r"[\x00-\x1f]")
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rf"({_PAIR})|(\\u(?:[dD][89a-fA-F][0-9a-fA-F]{{2}}|0000))|\\\\")


def needs_repair(body: bytes) -> bool:
    """Say whether a body that a decoder takes holds what PostgreSQL's texts do not: the character NUL."""
    return rb"\u0000" in body


def repair(body: bytes) -> str:
    """Return the body's text with U+FFFD for each half of a character in its strings, blanks for control characters, no
    NUL, and null for what is nested deeper than DEEPEST. What is no JSON stays none.
    """
    text = body.decode(errors="replace")
    if _SUSPECT.search(text):
        text = _STRING.sub(_repaired, text)
    return _without_depths(text) if text.count("[") + text.count("{") > DEEPEST else text


def _repaired(string: re.Match[str]) -> str:
    return _ESCAPE.sub(_whole, _CONTROL.sub(" ", string[0]))


def _whole(escape: re.Match[str]) -> str:
    if escape[2]:
        return "" if escape[2].endswith("0000") else REPLACEMENT
    return escape[0]


def _without_depths(text: str) -> str:
    parts, depth, start = list[str](), 0, 0
    for mark in _MARK.finditer(text):
        sign = mark[0]
        if sign in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                parts.append(text[start : mark.start()] + "null")
        elif sign in "]}":
            depth -= 1
            if depth == DEEPEST:
                start = mark.end()
    return "".join(parts) + text[start:] if depth <= DEEPEST else text
