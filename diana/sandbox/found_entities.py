"""Finds in a text what Telegram marks by itself: commands, mentions, hashtags and addresses."""

import re
from typing import Any

Entity = dict[str, Any]

_WEB = r"https?://[^\s<>\"]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|dev)\b(?:/[^\s<>\"]*)?"
_PATTERNS = [
    ("url", re.compile(rf"(?<![\w@./])(?:{_WEB})", re.IGNORECASE)),
    ("email", re.compile(r"(?<![\w.])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")),
    ("mention", re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}(?![\w#])")),
]
_TRAILING = ".,:;!?)'\""


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def find_entities(text: str) -> list[Entity]:
    """Return the MessageEntity objects of a plain text, in order, offsets in UTF-16 units; none overlap."""
    taken: list[tuple[int, int, str]] = []
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(text):
            start, end = found.start(), found.end()
            if kind == "url":
                end = start + len(found[0].rstrip(_TRAILING))
            if all(end <= one[0] or start >= one[1] for one in taken):
                taken.append((start, end, kind))
    return [_entity(text, *one) for one in sorted(taken)]


def _entity(text: str, start: int, end: int, kind: str) -> Entity:
    return {"offset": utf16_length(text[:start]), "length": utf16_length(text[start:end]), "type": kind}
