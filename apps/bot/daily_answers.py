"""Telling by a message of its own what came of /daily: for acts that a release before took, which gave them no screen. Goes with
the next release.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from apps.bot import deferred_answers, documents, groups, reading, replies, selectors
from apps.bot.application import application
from apps.bot.models import Update
from apps.bot.outcomes.records import Shown
from apps.bot.places import Place, place_of
from apps.bot.screens import daily
from apps.bot.screens.formats import reader
from apps.bot.screens.layout import Screen
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope, log
from diana.events.loop import in_thread
from diana.events.models import StoredEvent


async def tell_daily(envelope: Envelope, *, aside: bool = False) -> None:
    """Tell the person what came of /daily, in the chat where they asked, else in their own; nothing if the act has a screen."""
    person_id = envelope.user_id
    found = await in_thread(_address, envelope)
    if person_id is None or found is None:
        return
    chat = found.place.chat
    if deferred_answers.is_late(chat, found.asked_at, clock.now()):
        deferred_answers.leave_out()
        return
    with reader(found.language, found.timezone, clock.now()):
        screen = _screen(envelope, found.wait)
    try:
        library = await application()
        sent = await replies.give(library.bot, found.place, screen, person_id=person_id)
    except Exception as error:
        if deferred_answers.will_be_late(error, chat, found.asked_at, clock.now()):
            deferred_answers.leave_out()
        elif aside or not await _stepped_aside(error, envelope, chat):
            raise
        return
    if sent:
        shown = Shown(
            person_id, envelope, sent.chat, sent.message, screen.text, screen.keyboard_json, said=envelope.position
        )
        await replies.note_sent(screen.template, person_id=person_id, shown=[shown] if sent.message else [])


async def _stepped_aside(error: Exception, envelope: Envelope, telegram_chat_id: int) -> bool:
    subscriber = "bot.answer_daily"
    return await in_thread(
        deferred_answers.defer, error, envelope, subscriber=subscriber, telegram_chat_id=telegram_chat_id
    )


class _Address(NamedTuple):
    """Where to answer, in which language and zone, since when somebody waits, and how long their date lasted still then."""

    place: Place
    language: str
    timezone: str
    asked_at: datetime
    wait: timedelta


def _address(envelope: Envelope) -> _Address | None:
    """Return where to answer; None for who has a screen, is erased, takes no messages, or asked in a group that was refused."""
    own_chat = people.telegram_id(envelope.user_id) if envelope.user_id is not None else None
    if envelope.user_id is None or own_chat is None:
        return None
    if _has_screen(envelope):
        return None
    row = selectors.update_of_event(envelope.correlation_id)
    place = (row and _place(row)) or Place(own_chat)
    if selectors.is_gone(place.chat) or not groups.is_approved(place.chat):
        return None
    asked_at = row.received_at if row else clock.now()
    person, acted_at = people.profile(envelope.user_id), envelope.occurred_at
    return _Address(place, person.language, person.timezone, asked_at, person.clock.next_date(acted_at) - acted_at)


def _has_screen(envelope: Envelope) -> bool:
    """Say whether a screen tells what came of the act that the award follows from."""
    if envelope.causation_id is None:
        return False
    cause = StoredEvent.objects.filter(event_id=envelope.causation_id, type="game.daily_login")
    return any(act.fields["answered"] for act in log.read_events(list(cause.values_list("pk", flat=True))))


def _place(row: Update) -> Place | None:
    """Return where the update is answered; None for one without a chat."""
    if row.chat_id is None:
        return None
    try:
        return place_of(documents.document_of(row), row.chat_id)
    except reading.Unreadable:
        return Place(row.chat_id)


def _screen(envelope: Envelope, wait: timedelta) -> Screen:
    fields, me = envelope.fields, envelope.user_id or 0
    if envelope.type == "game.points_awarded":
        return daily.awarded(person_id=me, amount=fields["amount"], balance=fields["balance"])
    return daily.suppressed(person_id=me, reason=fields["reason"], wait=wait)
