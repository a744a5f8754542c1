"""Taking other people out of an update before its author gets a copy of it; pure."""

from typing import Any

# Where Telegram names people otherwise than by a user: whose message was forwarded, whose number was passed on.
_OTHERS = frozenset(
    {"forward_origin", "forward_from_chat", "forward_sender_name", "contact", "external_reply", "quote"}
)


def without_others(value: Any, me: int) -> Any:
    """Return the decoded JSON without users other than the one with this id at Telegram, and without what they wrote."""
    match value:
        case dict():
            return {
                key: without_others(part, me)
                for key, part in value.items()
                if key not in _OTHERS and not _is_somebody_elses(part, me)
            }
        case list():
            return [without_others(part, me) for part in value if not _is_somebody_elses(part, me)]
    return value


def _is_somebody_elses(part: Any, me: int) -> bool:
    """Say whether it is a user other than me, or a message that is not from me."""
    if not isinstance(part, dict):
        return False
    if "first_name" in part or "is_bot" in part:
        return bool(part.get("id") != me)
    author = part.get("from")
    return "message_id" in part and not (isinstance(author, dict) and author.get("id") == me)
