"""Reads Telegram's HTML: text and entities, and what the Bot API server refuses, in its words."""

import re
from typing import NamedTuple

from diana.sandbox.answers import bad_request
from diana.sandbox.found_entities import Entity, utf16_length

_TYPES = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_LANGUAGE = "language-"
_NAME = re.compile(r"</?([^\s>]*)")
_EMOJI = re.compile(r"[0-9]+")
_SPACES = re.compile(r"\s*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>/\"']*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_CHARACTER = re.compile(r"&(#x[0-9a-fA-F]{1,6}(?![0-9a-fA-F])|#[0-9]{1,7}(?![0-9])|(?:lt|gt|amp|quot)(?![A-Za-z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class _OpenTag(NamedTuple):
    name: str
    offset: int
    attributes: dict[str, str]


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Return the text without markup and its entities as they were nested; raise RefusalError as Telegram does."""
    return _Parser(text).parse()


class _Parser:
    """Walks over one text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain: list[str] = []
        self._offset = 0
        self._opened: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        position = 0
        while True:
            start = self._text.find("<", position)
            self._add(self._text[position:] if start < 0 else self._text[position:start])
            if start < 0:
                break
            position = self._close(start) if self._text.startswith("</", start) else self._open(start)
        if self._opened:
            raise _unparsable(f'Can\'t find end tag corresponding to start tag "{self._opened[-1].name}"')
        return "".join(self._plain), self._entities

    def _add(self, piece: str) -> None:
        decoded = _decode(piece)
        self._plain.append(decoded)
        self._offset += utf16_length(decoded)

    def _open(self, start: int) -> int:
        name, end = self._tag_name(start)
        if end == len(self._text):
            raise _unparsable(f"Unclosed start tag at byte offset {self._bytes(start)}")
        if name not in _TYPES:
            raise _unparsable(f'Unsupported start tag "{name}" at byte offset {self._bytes(start)}')
        attributes, end = self._read_attributes(name, start, end)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(start)}')
        if name == "tg-emoji" and not _EMOJI.fullmatch(attributes.get("emoji-id", "")):
            raise bad_request("can't parse entities: Invalid custom emoji identifier specified")
        self._opened.append(_OpenTag(name, self._offset, attributes))
        return end

    def _read_attributes(self, tag: str, start: int, position: int) -> tuple[dict[str, str], int]:
        """Return the attributes of a start tag and where its text begins."""
        attributes: dict[str, str] = {}
        while True:
            position = self._skip(_SPACES, position)
            if self._text.startswith(">", position):
                return attributes, position + 1
            name_end = self._skip(_ATTRIBUTE_NAME, position)
            if position == len(self._text):
                raise self._unclosed(tag, start)
            if name_end == position:
                raise _unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(start)}')
            name = self._text[position:name_end].lower()
            attributes[name], position = self._read_value(tag, start, name_end)

    def _read_value(self, tag: str, start: int, position: int) -> tuple[str, int]:
        """Return the value behind an attribute's name, empty for one that has none, and where it ends."""
        equal = self._skip(_SPACES, position)
        if equal == len(self._text):
            raise self._unclosed(tag, start)
        if self._text[equal] != "=":
            return "", position
        begin = self._skip(_SPACES, equal + 1)
        if begin == len(self._text):
            raise self._unclosed(tag, start)
        if self._text[begin] in "\"'":
            quoted = _QUOTED.match(self._text, begin)
            if quoted is None:
                raise self._unclosed(tag, start)
            return _decode(quoted[0][1:-1]), quoted.end()
        end = self._skip(_TOKEN, begin)
        if not (end < len(self._text) and (self._text[end].isspace() or self._text[end] == ">")):
            raise _unparsable(f"Unexpected end of name token at byte offset {self._bytes(begin)}")
        return self._text[begin:end].lower(), end

    def _close(self, start: int) -> int:
        if not self._opened:
            raise _unparsable(f"Unexpected end tag at byte offset {self._bytes(start)}")
        name, end = self._tag_name(start)
        end = self._skip(_SPACES, end)
        if not self._text.startswith(">", end):
            raise _unparsable(f"Unclosed end tag at byte offset {self._bytes(start)}")
        tag = self._opened.pop()
        if name and name != tag.name:
            raise _unparsable(
                f'Unmatched end tag at byte offset {self._bytes(start)}, expected "</{tag.name}>", found "</{name}>"'
            )
        if self._offset > tag.offset:
            self._note(tag)
        return end + 1

    def _note(self, tag: _OpenTag) -> None:
        """Keep the entity of a tag that ends here; a link without an address is text."""
        entity: Entity = {"offset": tag.offset, "length": self._offset - tag.offset, "type": _TYPES[tag.name]}
        if tag.name == "a":
            entity["url"] = tag.attributes.get("href") or "".join(self._plain)[-entity["length"] :]
            if not is_address(entity["url"]):
                return
        elif tag.name == "tg-emoji":
            entity["custom_emoji_id"] = tag.attributes["emoji-id"]
        elif tag.name == "blockquote" and "expandable" in tag.attributes:
            entity["type"] = "expandable_blockquote"
        elif tag.name == "pre" and (language := self._language_of(entity)):
            entity["language"] = language
        elif tag.name == "code" and tag.attributes.get("class", "").startswith(_LANGUAGE):
            entity[_LANGUAGE] = tag.attributes["class"].removeprefix(_LANGUAGE)
        self._entities.append(entity)

    def _language_of(self, pre: Entity) -> str:
        """Return the language of the `code` that fills a `pre`, which is one with it."""
        last = self._entities[-1] if self._entities else {}
        same = last.get("type") == "code" and (last["offset"], last["length"]) == (pre["offset"], pre["length"])
        return str(last.get(_LANGUAGE, "")) if same else ""

    def _tag_name(self, start: int) -> tuple[str, int]:
        found = _NAME.match(self._text, start)
        # The pattern matches at every "<".
        assert found is not None
        return found[1].lower(), found.end()

    def _skip(self, pattern: re.Pattern[str], position: int) -> int:
        found = pattern.match(self._text, position)
        # The patterns match nothing, too.
        assert found is not None
        return found.end()

    def _unclosed(self, tag: str, start: int) -> Exception:
        return _unparsable(f'Unclosed start tag "{tag}" at byte offset {self._bytes(start)}')

    def _bytes(self, position: int) -> int:
        return len(self._text[:position].encode())


def without_hints(entities: list[Entity]) -> list[Entity]:
    """Return the entities without what the reader noted for itself."""
    return [{name: value for name, value in one.items() if name != _LANGUAGE} for one in entities]


def is_address(url: str) -> bool:
    """Say whether Telegram takes it for an address: of the web, or one of its own."""
    scheme, separator, rest = url.strip().partition("://")
    if separator and scheme.lower() not in ("http", "https", "tg", "ton", "tonsite"):
        return False
    if separator and scheme.lower() in ("tg", "ton", "tonsite"):
        return bool(rest)
    host = re.split(r"[/?#]", rest if separator else url.strip(), maxsplit=1)[0].rpartition("@")[2]
    name = host.partition(":")[0]
    return bool(name) and "." in name.strip(".") and not re.search(r"[\s<>\"]", name)


def _decode(text: str) -> str:
    return _CHARACTER.sub(_decode_one, text) if "&" in text else text


def _decode_one(found: re.Match[str]) -> str:
    name = found[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(f"0{name[1:]}", 0) if name.startswith("#x") else int(name[1:])
    usable = 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if usable else found[0]


def _unparsable(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")
