"""The contents of updates, as Telegram makes them."""

from typing import Any

from diana.sandbox.chat.people import Person
from diana.sandbox.messages import Message

Content = dict[str, Any]
_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories", "can_pin_messages", "can_manage_topics"),
)


def callback_query(query: str, person: Person, message: Message, data: str) -> Content:
    """Somebody pressed a button under a message of the bot."""
    instance = str(message["chat"]["id"] * 7919)
    return {"id": query, "from": person.user(), "message": message, "chat_instance": instance, "data": data}


def membership(chat: Content, by: Content, member: Content, old: str, new: str, *, seconds: int) -> Content:
    """Somebody's standing in a chat changed; `by` is who changed it."""
    return {
        "chat": chat,
        "from": by,
        "date": seconds,
        "old_chat_member": _standing(member, old),
        "new_chat_member": _standing(member, new),
    }


def _standing(member: Content, status: str) -> Content:
    standing: Content = {"user": member, "status": status}
    if status == "administrator":
        standing |= dict.fromkeys(_RIGHTS, False) | {"can_manage_chat": True}
    if status == "kicked":
        standing["until_date"] = 0
    return standing


def reaction(
    chat: Content, message_id: int, person: Person, old: str | None, new: str | None, *, seconds: int
) -> Content:
    """Somebody gave, changed or took away a reaction."""
    emojis = {"old_reaction": old, "new_reaction": new}
    given = {name: [{"type": "emoji", "emoji": emoji}] if emoji else [] for name, emoji in emojis.items()}
    return {"chat": chat, "message_id": message_id, "user": person.user(), "date": seconds} | given


def pre_checkout_query(query: str, person: Person, bill: Content, payload: str) -> Content:
    """Somebody is about to pay."""
    sums = {name: bill[name] for name in ("currency", "total_amount")}
    return {"id": query, "from": person.user()} | sums | {"invoice_payload": payload}
