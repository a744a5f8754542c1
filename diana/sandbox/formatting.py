"""Turns the text of a call into plain text and entities as Telegram does, and refuses what it would refuse."""

import re
from typing import Any, NamedTuple

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters, text_of

MAX_TEXT_UTF16_UNITS = 4096
MAX_TEXT_BYTES = 32_768
MAX_CAPTION_UTF16_UNITS = 1024

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
_NAME = re.compile(r"</?([^\s>]*)")
_ATTRIBUTES = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""([^\s=>/"']+)\s*(?:=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?""")
_CHARACTER = re.compile(r"&(#x[0-9a-fA-F]{1,6}(?![0-9a-fA-F])|#[0-9]{1,7}(?![0-9])|(?:lt|gt|amp|quot)(?![A-Za-z]));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class Formatted(NamedTuple):
    """A text without markup and its MessageEntity objects, offsets in UTF-16 units."""

    text: str
    entities: list[dict[str, Any]]


class _OpenTag(NamedTuple):
    name: str
    offset: int
    attributes: dict[str, str]


def utf16_length(text: str) -> int:
    """Return the length as Telegram counts it."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def read_text(parameters: Parameters) -> Formatted:
    """Return the text of a message by its parse mode, Markdown as it is; raise RefusalError in Telegram's words."""
    text = text_of(parameters, "text")
    if not text:
        raise bad_request("message text is empty")
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise bad_request("text is too long")
    formatted = _trimmed(_by_mode(text, parameters, "entities"))
    if not formatted.text:
        raise bad_request("text must be non-empty")
    return formatted


def read_caption(parameters: Parameters) -> Formatted:
    """Return the caption of a file, which may be empty; raise RefusalError in Telegram's words."""
    caption = text_of(parameters, "caption")
    if len(caption.encode()) > MAX_TEXT_BYTES:
        raise bad_request("text is too long")
    return _trimmed(_by_mode(caption, parameters, "caption_entities"))


def check_caption(formatted: Formatted) -> None:
    """Raise RefusalError for a caption beyond what one holds."""
    if utf16_length(formatted.text) > MAX_CAPTION_UTF16_UNITS:
        raise bad_request("message caption is too long")


def check_length(formatted: Formatted) -> None:
    """Raise RefusalError for a text beyond what one message holds."""
    if utf16_length(formatted.text) > MAX_TEXT_UTF16_UNITS:
        raise bad_request("message is too long")


def _by_mode(text: str, parameters: Parameters, given: str) -> Formatted:
    mode = text_of(parameters, "parse_mode").lower()
    if mode == "html":
        return parse_html(text)
    if mode not in {"", "none", "markdown", "markdownv2"}:
        raise bad_request("unsupported parse_mode")
    entities = parameters.get(given)
    return Formatted(text, [one for one in entities if isinstance(one, dict)] if isinstance(entities, list) else [])


def _trimmed(formatted: Formatted) -> Formatted:
    text = formatted.text.strip()
    shift = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    if not shift or not formatted.entities:
        return Formatted(text, formatted.entities)
    moved = [one | {"offset": max(0, one.get("offset", 0) - shift)} for one in formatted.entities]
    return Formatted(text, moved)


def parse_html(text: str) -> Formatted:
    """Read Telegram's HTML; raise RefusalError for tags it does not know or that do not match.

    Faithful to the Bot API server in what it refuses and in the wording; attributes are read less strictly, and a
    `code` inside a `pre` is not merged with it.
    """
    plain: list[str] = []
    entities: list[dict[str, Any]] = []
    opened: list[_OpenTag] = []
    position = offset = 0
    while position < len(text):
        start = text.find("<", position)
        piece = _decode(text[position:] if start < 0 else text[position:start])
        plain.append(piece)
        offset += utf16_length(piece)
        if start < 0:
            break
        if text.startswith("</", start):
            position = _close(text, start, offset, opened, entities)
        else:
            position = _open(text, start, offset, opened)
    if opened:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{opened[-1].name}"')
    entities.sort(key=lambda one: (one["offset"], -one["length"]))
    return Formatted("".join(plain), entities)


def _open(text: str, start: int, offset: int, opened: list[_OpenTag]) -> int:
    name, end = _tag_name(text, start)
    if end == len(text):
        raise _unparsable(f"Unclosed start tag at byte offset {_bytes(text, start)}")
    if name not in _TYPES:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {_bytes(text, start)}')
    rest = _ATTRIBUTES.match(text, end)
    if rest is None:
        raise _unparsable(f'Unclosed start tag "{name}" at byte offset {_bytes(text, start)}')
    attributes = {found[0]: _decode(found[1] or found[2] or found[3]) for found in _ATTRIBUTE.findall(rest[0])}
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {_bytes(text, start)}')
    opened.append(_OpenTag(name, offset, attributes))
    return rest.end()


def _close(text: str, start: int, offset: int, opened: list[_OpenTag], entities: list[dict[str, Any]]) -> int:
    if not opened:
        raise _unparsable(f"Unexpected end tag at byte offset {_bytes(text, start)}")
    name, end = _tag_name(text, start)
    while end < len(text) and text[end].isspace():
        end += 1
    if end == len(text) or text[end] != ">":
        raise _unparsable(f"Unclosed end tag at byte offset {_bytes(text, start)}")
    tag = opened.pop()
    if name and name != tag.name:
        raise _unparsable(
            f'Unmatched end tag at byte offset {_bytes(text, start)}, expected "</{tag.name}>", found "</{name}>"'
        )
    if offset > tag.offset:
        entities.append(_entity(tag, offset))
    return end + 1


def _entity(tag: _OpenTag, end: int) -> dict[str, Any]:
    entity: dict[str, Any] = {"offset": tag.offset, "length": end - tag.offset, "type": _TYPES[tag.name]}
    if tag.name == "a":
        entity["url"] = tag.attributes.get("href", "")
    elif tag.name == "tg-emoji":
        entity["custom_emoji_id"] = tag.attributes.get("emoji-id", "")
    elif tag.name == "blockquote" and "expandable" in tag.attributes:
        entity["type"] = "expandable_blockquote"
    return entity


def _tag_name(text: str, start: int) -> tuple[str, int]:
    found = _NAME.match(text, start)
    # The pattern matches at every "<".
    assert found is not None
    return found[1].lower(), found.end()


def _decode(text: str) -> str:
    return _CHARACTER.sub(_decode_one, text) if "&" in text else text


def _decode_one(found: re.Match[str]) -> str:
    name = found[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(f"0{name[1:]}", 0) if name.startswith("#x") else int(name[1:])
    usable = 0 < code < 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if usable else found[0]


def _bytes(text: str, position: int) -> int:
    return len(text[:position].encode())


def _unparsable(reason: str) -> Exception:
    return bad_request(f"can't parse entities: {reason}")
