"""Who did what an update tells: a person, or nobody. No ORM here."""

from typing import Any

from apps.bot import reading
from apps.users.names import Names
from apps.users.service_accounts import SERVICE_ACCOUNTS

# What a message or a reaction says of itself when no person made it: a chat did, an automatism, a bot for a business.
MARKS = ("sender_chat", "is_automatic_forward", "sender_business_bot", "actor_chat")
# What a message says of itself when its words are not those of who sent it: somebody else wrote them, or a bot did, or it was
# sent by itself. The first five are one thing, as servers of different age tell it.
BORROWED = (
    "forward_origin",
    "forward_date",
    "forward_from",
    "forward_from_chat",
    "forward_sender_name",
    "via_bot",
    "is_from_offline",
)
# Of these what says that a bot wrote it, or nobody did now.
BY_BOTS = ("via_bot", "is_from_offline")


def author(part: Any) -> int | None:
    """Return the id at Telegram of the person who did it."""
    chat = chat_of(part)
    in_channel = chat is not None and chat.type == "channel"
    return None if in_channel or is_marked(part, MARKS) else person(_user(part))


def names_of(part: Any) -> Names | None:
    """Return how the author is called, as a document tells it."""
    user = _user(part)
    return None if user is None else Names(user.first_name, user.last_name, user.username)


def person(user: reading.User | None) -> int | None:
    """Return the user's id if a person stands behind it."""
    return None if user is None or user.is_bot or user.id in SERVICE_ACCOUNTS else user.id


def chat_of(part: Any) -> reading.Chat | None:
    """Return where it happened; buttons below inline messages do not tell."""
    place: Any = part.message if isinstance(part, reading.Pressed) else part
    chat: reading.Chat | None = None if place is None else place.chat
    return chat


def _user(part: Any) -> reading.User | None:
    """Return whose it is; of a membership whom it is about, who need not be who changed it."""
    user: reading.User | None
    match part:
        case reading.Change():
            user = part.new_chat_member.user
        case reading.Reaction():
            user = part.user
        case _:
            user = part.from_
    return user


def is_marked(part: Any, marks: tuple[str, ...]) -> bool:
    """Say whether one of these fields stands in it, whatever its shape."""
    return any(getattr(part, name, None) not in (None, False) for name in marks)


def forget_marks(part: Any, marks: tuple[str, ...]) -> None:
    """Leave these fields out of the document."""
    for name in marks:
        if hasattr(part, name):
            setattr(part, name, None)
