"""What people do by way of the bot, as calls of the services below: run in a thread, before any reply.

Everything here may run again for the same update and then changes nothing: the keys follow from the update.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from apps.bot import pages, services
from apps.bot.digests import content_digest
from apps.bot.events import DailyLogin, MessageSent
from apps.bot.screens.layout import Screen
from apps.bot.turns import Turn
from apps.gamification import services as gamification
from apps.users import services as users
from diana import clock
from diana.audit import Actor
from diana.events import Event

# A chat at Telegram: its id there and its kind.
ChatAddress = tuple[int, str]


def visit(turn: Turn, occurred_at: datetime, *, chat: ChatAddress, page: str) -> Screen:
    """Note that the person came by and return the screen they asked for."""
    _know(chat)
    _act(turn, occurred_at, lambda local: [])
    return pages.show(page, turn.person_id, now=clock.now())


def press(turn: Turn, page: str) -> Screen:
    """Note that the person pressed a button and return the screen it leads to. When a button was pressed nobody tells."""
    _act(turn, turn.received_at, lambda local: [])
    if page == "repair":
        page = _repair(turn.person_id)
    return pages.show(page, turn.person_id, now=clock.now())


def _repair(person_id: int) -> str:
    """Repair the person's streak; return the screen to show: how it stands if there is nothing to repair any more."""
    actor = Actor(None, f"person {person_id}", "bot")
    try:
        gamification.repair_streak(person_id=person_id, reason="asked for in the bot", actor=actor, now=clock.now())
    except gamification.NothingToRepair:
        return "streak"
    return "repaired"


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
