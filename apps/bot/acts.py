"""What people do by way of the bot, as calls of the services below: run in a thread, before any reply.

Everything here may run again for the same update and then changes nothing: the keys follow from the update.
"""

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from apps.bot import pages, services
from apps.bot.chat_kinds import PRIVATE, place_of_kind
from apps.bot.digests import content_digest
from apps.bot.events import DailyLogin, MessageSent
from apps.bot.screens.layout import Reply
from apps.bot.turns import Turn
from apps.users import services as users
from apps.users.names import Names
from diana import clock
from diana.events import Envelope, Event

# Looking at these pages, and at those behind them (top.weekly.everyone, ach_social), is a step of the tutorial.
TUTORIAL_PAGES = {"top": "board", "achievements": "achievement", "ach": "achievement"}
TAKES_DAILY = ("daily", "take")
# A chat at Telegram: its id there and its kind.
ChatAddress = tuple[int, str]


class Visit(NamedTuple):
    """Somebody coming by, with the event that brought it."""

    person_id: int
    occurred_at: datetime
    chat: ChatAddress
    cause: Envelope | None
    names: Names | None = None


def come_by(visits: Sequence[Visit]) -> list[Exception | None]:
    """Note that these people came by, in a fixed number of statements; PersonGone for those who are not there any more.

    Whoever had left is back. Locks groups, then people, then their own chats (services.chats_of).
    """
    with transaction.atomic():
        services.chats_of(dict(visit.chat for visit in visits if visit.chat[1] != PRIVATE))
        acts = [users.Act(v.person_id, v.occurred_at, None, v.cause, comes_back=True, names=v.names) for v in visits]
        there = users.act_many(acts)
        services.chats_of(dict(v.chat for v in visits if v.chat[1] == PRIVATE and v.person_id in there))
    return [None if visit.person_id in there else users.PersonGone() for visit in visits]


def tell_names(turn: Turn, occurred_at: datetime) -> None:
    """Note how the person is called, who has done nothing here."""
    with transaction.atomic():
        users.act_many([users.Act(turn.person_id, occurred_at, None, None, names=turn.names, counts=False)])


def visit(turn: Turn, occurred_at: datetime, *, chat: ChatAddress, page: str, args: Sequence[str] = ()) -> Reply:
    """Return what the person asked for, who has come by for it."""
    _note_tutorial(turn, page)
    return pages.show(
        page,
        turn.person_id,
        now=clock.now(),
        args=tuple(args),
        key_prefix=turn.key_prefix,
        private=chat[1] == PRIVATE,
    )


def press(turn: Turn, button: pages.Button, *, private: bool, own_chat: ChatAddress | None = None) -> Reply:
    """Note that the person pressed a button and return what it leads to. When a button was pressed nobody tells.

    `own_chat` is where it was pressed, if that is the person's own chat: it takes messages then.
    """
    if (button.screen, button.verb) == TAKES_DAILY:
        take_daily(turn, turn.received_at, chat=own_chat)
    else:
        _act(turn, turn.received_at, lambda local: [], own_chat)
    if button.verb == "show":
        _note_tutorial(turn, button.screen)
    return pages.press(
        button,
        turn.person_id,
        now=clock.now(),
        key_prefix=turn.key_prefix,
        private=private,
        arrived_at=turn.received_at,
    )


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
    """Register the person, count them for who has invited them, and keep the payload of the link they came by, unless it only
    names a page, or is a gift's code: that is kept nowhere.
    """
    users.register(
        person_id=turn.person_id,
        first_name=first_name,
        last_name=last_name,
        username=username,
        language_code=language_code,
        now=occurred_at,
        key=f"{turn.key_prefix}:register",
        invite_code=users.code_in(payload),
    )
    if pages.opened_by(payload) == "welcome":
        services.keep_start_payload(person_id=turn.person_id, payload=payload, now=occurred_at)


def take_daily(turn: Turn, occurred_at: datetime, *, chat: ChatAddress | None = None) -> None:
    """Publish that the person asked for today's reward, today being the day on their wall."""
    _act(
        turn,
        occurred_at,
        lambda local: [DailyLogin(user_id=turn.person_id, local_date=local.date().isoformat(), answered=True)],
        chat,
    )
    users.take_tutorial_step(person_id=turn.person_id, step="daily", now=occurred_at)


def write_message(turn: Turn, occurred_at: datetime, *, chat: ChatAddress, text: str) -> None:
    """Publish that the person wrote a message; what they wrote stays here."""
    me, known, place = turn.person_id, _knowing(chat), place_of_kind(chat[1])
    digest = content_digest(me, text)
    users.act(
        person_id=me,
        occurred_at=occurred_at,
        key_prefix=turn.key_prefix,
        events=lambda local: [
            MessageSent(user_id=me, chat=known(), length=len(text), content_digest=digest, place=place)
        ],
        comes_back=chat[1] == PRIVATE,
        names=turn.names,
    )


def _note_tutorial(turn: Turn, page: str) -> None:
    """Note the step of the tutorial that looking at the page is, if it is one."""
    step = TUTORIAL_PAGES.get(page.partition(".")[0].partition("_")[0])
    if step is not None:
        users.take_tutorial_step(person_id=turn.person_id, step=step, now=clock.now())


def _knowing(chat: ChatAddress) -> Callable[[], int]:
    """Return what tells our id of the chat. Somebody's own chat is noted when that is asked, under their lock: its id is
    theirs, and they may be erased at this moment. A group is noted now, so that nobody waits for it with a lock in hand.
    """
    telegram_id, kind = chat
    note = functools.partial(services.chat_of, telegram_id=telegram_id, kind=kind)
    if kind == PRIVATE:
        return note
    known = note()
    return lambda: known


def _act(
    turn: Turn,
    occurred_at: datetime,
    events: Callable[[datetime], Sequence[Event]],
    chat: ChatAddress | None = None,
) -> None:
    """Note an act that is meant for the bot: whoever had left is back."""
    known = _knowing(chat) if chat else None

    def noted(local: datetime) -> Sequence[Event]:
        if known:
            known()
        return events(local)

    users.act(
        person_id=turn.person_id,
        occurred_at=occurred_at,
        key_prefix=turn.key_prefix,
        events=noted,
        comes_back=True,
        names=turn.names,
    )
