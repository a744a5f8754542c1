"""Messages of the chat as plain text for a terminal: links visible, buttons numbered."""

from collections.abc import Iterable, Iterator
from typing import Any

from diana.sandbox.chat.conversation import Turn, buttons_of

Message = dict[str, Any]


def render_turn(turn: Turn) -> str:
    """Return everything that came of an act."""
    parts = [render_message(message) for message in turn.answers]
    parts += [f"({'alert' if notice['alert'] else 'notice'}) {notice['text']}" for notice in turn.notices]
    parts += [f"(payment {told['outcome']}) {told['text']}".strip() for told in turn.payments]
    return "\n".join(parts or [turn.silence])


def render_message(message: Message) -> str:
    """Return a message with the name of its sender before it and its buttons below."""
    edited = " (edited)" if "edit_date" in message else ""
    head, *rest = list(_content(message)) or [""]
    lines = [f"{message['from']['first_name']}{edited}: {head}", *(f"  {line}" for line in rest)]
    labels = [f"[{number}] {button.label}" for number, button in enumerate(buttons_of(message), 1)]
    return "\n".join([*lines, *([f"  {'  '.join(labels)}"] if labels else [])])


def _content(message: Message) -> Iterator[str]:
    if "text" in message:
        yield from with_links(message["text"], message.get("entities", ())).splitlines()
    if document := message.get("document"):
        yield f"file {document['file_name']}, {document['file_size']} bytes"
        yield from with_links(message.get("caption", ""), message.get("caption_entities", ())).splitlines()
    if bill := message.get("invoice"):
        yield f"bill: {bill['title']}, {bill['total_amount']} Stars{' (paid)' if bill['paid'] else ''}"
        yield bill["description"]
    for kind, verb in (("successful_payment", "paid"), ("refunded_payment", "got back")):
        if told := message.get(kind):
            yield f"{verb} {told['total_amount']} Stars"
    if service := message.get("service"):
        yield service


def with_links(text: str, entities: Iterable[dict[str, Any]]) -> str:
    """Return the text with the address of each hidden link behind its words."""
    units = text.encode("utf-16-le")
    links = [one for one in entities if one["type"] == "text_link"]
    for one in sorted(links, key=lambda one: -(one["offset"] + one["length"])):
        end = 2 * (one["offset"] + one["length"])
        units = units[:end] + f" <{one['url']}>".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le")
