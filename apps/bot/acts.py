"""What people do by way of the bot, as calls of the services below: run in a thread, before any reply.

Everything here may run again for the same update and then changes nothing: the keys follow from the update.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.bot import pages, services
from apps.bot.digests import content_digest
from apps.bot.events import DailyLogin, MessageSent
from apps.bot.screens.layout import Reply
from apps.bot.turns import Turn
from apps.users import services as users
from diana import clock
from diana.events import Envelope, Event

# A chat at Telegram: its id there and its kind.
ChatAddress = tuple[int, str]


class Visit(NamedTuple):
    """Somebody coming by, with the event that brought it."""

    person_id: int
    occurred_at: datetime
    chat: ChatAddress
    cause: Envelope | None


def come_by(visits: Sequence[Visit]) -> list[Exception | None]:
    """Note that these people came by, in a fixed number of statements; PersonGone for those who are not there any more."""
    with transaction.atomic():
        services.chats_of(dict(visit.chat for visit in visits))
        there = users.act_many([users.Act(v.person_id, v.occurred_at, None, v.cause) for v in visits])
    return [None if visit.person_id in there else users.PersonGone() for visit in visits]


def visit(turn: Turn, occurred_at: datetime, *, chat: ChatAddress, page: str, args: Sequence[str] = ()) -> Reply:
    """Return what the person asked for, who has come by for it."""
    return pages.show(
        page,
        turn.person_id,
        now=clock.now(),
        args=tuple(args),
        key_prefix=turn.key_prefix,
        private=chat[1] == "private",
    )


def press(turn: Turn, button: pages.Button, *, private: bool) -> Reply:
    """Note that the person pressed a button and return what it leads to. When a button was pressed nobody tells."""
    _act(turn, turn.received_at, lambda local: [])
    return pages.press(button, turn.person_id, now=clock.now(), key_prefix=turn.key_prefix, private=private)


def register(
    turn: Turn,
    occurred_at: datetime,
    *,
    first_name: str,
    last_name: str,
    username: str,
    language_code: str,
    payload: str,
) -> None:
    """Register the person and keep the payload of the link they came by."""
    users.register(
        person_id=turn.person_id,
        first_name=first_name,
        last_name=last_name,
        username=username,
        language_code=language_code,
        now=occurred_at,
        key=f"{turn.key_prefix}:register",
    )
    services.keep_start_payload(person_id=turn.person_id, payload=payload, now=occurred_at)


def take_daily(turn: Turn, occurred_at: datetime, *, chat: ChatAddress) -> None:
    """Publish that the person asked for today's reward, today being the day on their wall."""
    _know(chat)
    _act(
        turn,
        occurred_at,
        lambda local: [DailyLogin(user_id=turn.person_id, local_date=local.date().isoformat())],
    )


def write_message(turn: Turn, occurred_at: datetime, *, chat: ChatAddress, text: str) -> None:
    """Publish that the person wrote a message; what they wrote stays here."""
    event = MessageSent(
        user_id=turn.person_id,
        chat=_know(chat),
        length=len(text),
        content_digest=content_digest(turn.person_id, text),
    )
    _act(turn, occurred_at, lambda local: [event])


def _know(chat: ChatAddress) -> int:
    telegram_id, kind = chat
    return services.chat_of(telegram_id=telegram_id, kind=kind)


def _act(turn: Turn, occurred_at: datetime, events: Callable[[datetime], Sequence[Event]]) -> None:
    users.act(person_id=turn.person_id, occurred_at=occurred_at, key_prefix=turn.key_prefix, events=events)
