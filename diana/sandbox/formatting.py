"""Turns the text of a call into plain text and entities as Telegram does, and refuses what it would refuse."""

from typing import Any, NamedTuple

from diana.sandbox.answers import bad_request
from diana.sandbox.found_entities import Entity, utf16_length
from diana.sandbox.html_text import parse_html, without_hints
from diana.sandbox.nesting import arrange
from diana.sandbox.parameters import Parameters, text_of

MAX_TEXT_UTF16_UNITS = 4096
MAX_TEXT_BYTES = 32_768
MAX_CAPTION_UTF16_UNITS = 1024
MAX_ENTITIES = 100


class Formatted(NamedTuple):
    """A text without markup and its MessageEntity objects, offsets in UTF-16 units."""

    text: str
    entities: list[Entity]


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
        return Formatted(*parse_html(text))
    if mode not in {"", "none", "markdown", "markdownv2"}:
        raise bad_request("unsupported parse_mode")
    return Formatted(text, _read_entities(parameters.get(given), utf16_length(text)))


def _read_entities(given: Any, length: int) -> list[Entity]:
    """Return the entities that the call gives itself; what is none is left out."""
    if not isinstance(given, list):
        return []
    entities = [one for one in given if isinstance(one, dict) and isinstance(one.get("type"), str)]
    for one in entities:
        offset, extent = one.get("offset"), one.get("length")
        if not isinstance(offset, int) or offset < 0:
            raise bad_request(f"can't parse entities: Receive an entity with incorrect offset {offset}")
        if not isinstance(extent, int) or extent < 0:
            raise bad_request(f"can't parse entities: Receive an entity with incorrect length {extent}")
        if offset + extent > length:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 offset {length}"
            )
    return entities


def _trimmed(formatted: Formatted) -> Formatted:
    """Return it without blanks around it, the entities arranged as Telegram keeps them."""
    text = formatted.text.strip()
    shift = utf16_length(formatted.text[: len(formatted.text) - len(formatted.text.lstrip())])
    end = utf16_length(text)
    moved = []
    for one in formatted.entities:
        start = min(max(one["offset"] - shift, 0), end)
        stop = min(max(one["offset"] + one["length"] - shift, 0), end)
        moved.append(one | {"offset": start, "length": stop - start})
    return Formatted(text, without_hints(arrange(moved, text))[:MAX_ENTITIES])
