"""The topics of forums, of private chats with the bot and of a channel's direct messages; and ephemeral messages.

Of chats that nobody has described, and that are not the sandbox's own, any topic is taken.
"""

from typing import Any

import msgspec

from diana.sandbox.answers import bad_request
from diana.sandbox.parameters import Parameters

Message = dict[str, Any]
# The topic that a forum begins with. It cannot be named: who writes there names none.
GENERAL = 1


class ChatTopics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The topics of a chat, in place of those before: none for one without. `direct_messages` are those of a channel's
    direct messages; in those that are `closed` nothing can be written, General is 1.
    """

    chat: int
    topics: list[int] = []
    closed: list[int] = []
    direct_messages: list[int] | None = None


class Topics:
    """The topics of every chat that was described."""

    def __init__(self) -> None:
        self._of: dict[int, ChatTopics] = {}

    def describe(self, told: ChatTopics) -> None:
        """Take over what is told of a chat."""
        self._of[told.chat] = told

    def fields_of_chat(self, chat: int) -> dict[str, bool]:
        """Return what the Chat object says of it."""
        told = self._of.get(chat)
        if told is None:
            return {}
        if told.direct_messages is not None:
            return {"is_direct_messages": True}
        return {"is_forum": True} if told.topics and chat < 0 else {}

    def has(self, chat: int, thread: int) -> bool:
        """Say whether the chat has this topic."""
        told = self._of.get(chat)
        return told is not None and thread in told.topics

    def place(self, chat: int, parameters: Parameters, answered: Message, *, own: bool) -> Message:
        """Return the part of a message that says in which topic it is; raise RefusalError where it cannot be sent there.

        A message that answers another one and names no topic is in the other's. `own`: the chat is one of the sandbox's.
        """
        told = self._of.get(chat) or (ChatTopics(chat) if own else None)
        if told is not None and told.direct_messages is not None:
            return _in_direct_messages(told.direct_messages, parameters.get("direct_messages_topic_id"))
        thread = parameters.get("message_thread_id") or 0
        if told is None:
            direct = parameters.get("direct_messages_topic_id")
            return {"direct_messages_topic": {"topic_id": direct}} if direct else in_thread(thread)
        if thread and (thread == GENERAL or thread not in told.topics):
            raise bad_request("message thread not found")
        thread = thread or (answered.get("message_thread_id", 0) if answered.get("is_topic_message") else 0)
        if (thread or (GENERAL if told.topics else 0)) in told.closed:
            raise bad_request("TOPIC_CLOSED")
        return in_thread(thread)


def in_thread(thread: int | None) -> Message:
    """Return what a message says of the topic of a forum or a private chat."""
    return {"message_thread_id": thread, "is_topic_message": True} if thread else {}


def _in_direct_messages(topics: list[int], topic: Any) -> Message:
    if topic not in topics:
        raise bad_request("direct messages topic not found")
    return {"direct_messages_topic": {"topic_id": topic}}


def receiver_of(parameters: Parameters) -> int | None:
    """Return for whom alone the message is; None for one that all may see. Older versions name the person elsewhere."""
    given = parameters.get("ephemeral_message_parameters")
    named = given.get("receiver_user_id") if isinstance(given, dict) else parameters.get("receiver_user_id")
    return named if isinstance(named, int) else None


def check_receiver(chat: int, parameters: Parameters) -> None:
    """Raise RefusalError for an ephemeral message in a private chat, and for a public answer to one."""
    given = parameters.get("reply_parameters")
    receiver = receiver_of(parameters)
    if receiver is not None and chat > 0:
        raise bad_request("BOT_NOT_ADMIN")
    if receiver is None and isinstance(given, dict) and given.get("ephemeral_message_id"):
        raise bad_request("message to be replied not found")
