"""Where an answer goes: the chat, its topic, the message that it answers, and who alone may see it. No ORM here."""

from typing import NamedTuple

from apps.bot import reading

# The topic that a forum begins with cannot be named: messages there say nothing of a topic.
GENERAL_TOPIC = 1


class Place(NamedTuple):
    """A place at Telegram. `thread` is a topic of a forum or of a private chat, `direct_topic` one of a channel's direct
    messages, `answered` the number of the message to reply to.

    `only_for` is the id at Telegram of the one who may see it. `ephemeral` is the number of the message that only the bot saw;
    `as_reply` says that it is named.
    """

    chat: int
    thread: int | None = None
    direct_topic: int | None = None
    answered: int | None = None
    only_for: int | None = None
    ephemeral: int | None = None
    as_reply: bool = False

    def outside_topic(self) -> "Place":
        """Return the same place in the chat itself."""
        return self._replace(thread=None)

    def in_chat(self, chat: int) -> "Place":
        """Return the place in the chat that the group has become: numbers of messages begin anew there."""
        return Place(chat, only_for=self.only_for)


def place_of(update: reading.Update, chat: int) -> Place:
    """Return where the update is answered, in the present chat: below what was written, or the message of the button.

    In another chat than it names, because the group has moved, and for a button whose message Telegram does not show any
    more, there is no topic; as a reply it finds the topic by itself.
    """
    pressed = update.callback_query
    message = update.message or (pressed.message if pressed else None)
    if message is None:
        return Place(chat)
    by = update.message.from_ if update.message else pressed.from_ if pressed else None
    only_for = by.id if by is not None and message.ephemeral_message_id else None
    if chat != message.chat.id:
        return Place(chat, only_for=only_for)
    shown = isinstance(message, reading.Message) or message.date > 0
    return Place(
        chat,
        thread=_thread(message) if shown else None,
        direct_topic=message.direct_messages_topic.topic_id if message.direct_messages_topic else None,
        answered=message.message_id or None if message.chat.type != "private" else None,
        only_for=only_for,
        ephemeral=message.ephemeral_message_id if update.message else None,
    )


def _thread(message: reading.Located) -> int | None:
    """Return the topic; replies have a number of their thread where there are no topics, which cannot be written to."""
    if not message.is_topic_message or message.message_thread_id == GENERAL_TOPIC:
        return None
    return message.message_thread_id or None
