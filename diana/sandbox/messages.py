"""The messages that the bot sent, as Telegram would keep them: numbered per chat, editable, and those of people between them."""

from collections.abc import Callable
from typing import Any

from diana.sandbox.answers import bad_request
from diana.sandbox.formatting import Formatted
from diana.sandbox.invoices import Bill
from diana.sandbox.keyboards import Keyboard

# The oldest message of all chats is forgotten first and can no longer be edited.
KEPT_MESSAGES = 50_000
_FIRST_SUPERGROUP = -1_000_000_000_000

Message = dict[str, Any]
_LASTING = (
    *("message_id", "from", "chat", "date", "reply_to_message"),
    *("message_thread_id", "is_topic_message", "direct_messages_topic"),
)


def describe_chat(chat: int) -> dict[str, Any]:
    """Return the Chat object of an identifier: positive ones are people, the others groups."""
    if chat > 0:
        return {"id": chat, "first_name": f"Person {chat}", "type": "private"}
    kind = "supergroup" if chat <= _FIRST_SUPERGROUP else "group"
    return {"id": chat, "title": f"Group {-chat}", "type": kind}


class Messages:
    """All messages of all chats, oldest first. `tell` hears of each that is "message" (new) or "edited"."""

    def __init__(
        self,
        sender: dict[str, Any],
        kept: int = KEPT_MESSAGES,
        *,
        describe: Callable[[int], dict[str, Any]] = describe_chat,
        first_id: Callable[[int], int] = lambda chat: 0,
        tell: Callable[[str, Message], None] = lambda kind, message: None,
    ) -> None:
        self._sender = sender
        self._kept = kept
        self._describe, self._first_id, self._tell = describe, first_id, tell
        self._last_id: dict[int, int] = {}
        self._ephemeral = 0
        self._messages: dict[tuple[int, int], Message] = {}

    def add(self, chat: int, content: Message, *, seconds: int, sender: dict[str, Any] | None = None) -> Message:
        """Keep a new message of this content, the bot's or the sender's, and return it as the API shows it."""
        last = self._last_id.get(chat)
        message_id = self._last_id[chat] = (self._first_id(chat) if last is None else last) + 1
        message = {"message_id": message_id, "from": sender or self._sender, "chat": self._describe(chat)}
        message |= {"date": seconds} | content
        self._messages[chat, message_id] = message
        if len(self._messages) > self._kept:
            del self._messages[next(iter(self._messages))]
        self._tell("message", message)
        return message

    def ephemeral(self, chat: int, content: Message, receiver: int, *, seconds: int) -> Message:
        """Return a message of the bot that one person alone sees; it is kept nowhere and has the number 0 in the chat."""
        self._ephemeral += 1
        person = self._describe(receiver)
        user = {"id": receiver, "is_bot": False, "first_name": person.get("first_name", "")}
        message = {"message_id": 0, "from": self._sender, "chat": self._describe(chat), "date": seconds}
        return message | {"ephemeral_message_id": self._ephemeral, "receiver_user": user} | content

    def find(self, chat: int, message_id: Any) -> Message | None:
        """Return a message, None for one that is not there."""
        return self._messages.get((chat, message_id)) if isinstance(message_id, int) else None

    def replace(self, message: Message) -> None:
        """Put an edited message in place of the one with its number."""
        self._messages[message["chat"]["id"], message["message_id"]] = message
        self._tell("edited", message)

    def edit(self, chat: int, message_id: Any, text: Formatted, keyboard: Keyboard | None, *, seconds: int) -> Message:
        """Replace the text and the keyboard; raise RefusalError where there is no such message or nothing changes."""
        message = self.find(chat, message_id)
        if message is None:
            raise bad_request("message to edit not found")
        if message["from"] != self._sender:
            raise bad_request("message can't be edited")
        if "text" not in message:
            raise bad_request("there is no text in the message to edit")
        content = text_content(text, keyboard)
        if content == {name: message[name] for name in ("text", "entities", "reply_markup") if name in message}:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same"
                " as a current content and reply markup of the message"
            )
        kept = {name: message[name] for name in _LASTING if name in message}
        edited = kept | {"edit_date": seconds} | content
        self.replace(edited)
        return edited

    def newest_of(self, chat: int, count: int) -> list[Message]:
        """Return the last messages of a chat, oldest first."""
        found = [message for (place, _), message in self._messages.items() if place == chat]
        return found[-count:]


def text_content(text: Formatted, keyboard: Keyboard | None) -> Message:
    """Return what a text message holds."""
    content: Message = {"text": text.text}
    if text.entities:
        content["entities"] = text.entities
    return _with_keyboard(content, keyboard)


def document_content(document: Message, caption: Formatted, keyboard: Keyboard | None) -> Message:
    """Return what the message of a file holds."""
    content: Message = {"document": document}
    if caption.text:
        content["caption"] = caption.text
    if caption.entities:
        content["caption_entities"] = caption.entities
    return _with_keyboard(content, keyboard)


def bill_content(bill: Bill, keyboard: Keyboard | None) -> Message:
    """Return what the message of a bill holds."""
    return _with_keyboard({"invoice": bill.shown()}, keyboard)


def _with_keyboard(content: Message, keyboard: Keyboard | None) -> Message:
    return content | {"reply_markup": keyboard} if keyboard else content
