"""Cutting a batch into updates by its brackets, strings and commas alone.

A decoder would refuse all hundred for the sake of one that it cannot read, and nothing would ever come after that one.
"""

import re

_BATCH = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[')
_MARK = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},]', re.DOTALL)


def cut(content: bytes) -> list[bytes]:
    """Return the bytes of each update; nothing for an answer that is no batch, or breaks off."""
    head = _BATCH.match(content)
    if head is None:
        return []
    found, start, depth = list[bytes](), head.end(), 0
    for mark in _MARK.finditer(content, head.end()):
        sign = mark[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}" and depth:
            depth -= 1
        elif sign in b",]" and not depth:
            found.append(content[start : mark.start()].strip())
            start = mark.end()
            if sign == b"]":
                return list(filter(None, found))
    return []
