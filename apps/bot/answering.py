"""Answering updates and telling what came of /daily, with the Telegram library. Imported by those processes only that answer."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import telegram
from django.utils import translation

from apps.bot import detours, reading, replies, selectors, services, strange_groups
from apps.bot.application import AnyApplication, application
from apps.bot.models import Update
from apps.bot.screens import daily
from apps.bot.screens.layout import Screen
from apps.bot.telegram_errors import Gone
from apps.bot.turns import Turn, begin_turn
from apps.users import selectors as people
from apps.users.services import PersonGone
from diana import clock
from diana.events import Envelope, Permanent, log
from diana.events.connections import insist
from diana.events.gathering import Gathering
from diana.events.loop import in_thread


async def answer_update(envelope: Envelope, *, aside: bool = False) -> None:
    """Do what the update asks for and reply. Done again, it changes nothing; only the reply may come twice.

    An answer that would hold up the person's next ones steps aside, unless it is there already.
    """
    row = await _unhandled(envelope.fields["update"])
    if row is None:
        return
    templates: list[str] = []
    try:
        if row.person_id is not None:
            templates = await _answer(row, row.person_id)
    except Gone as gone:
        if row.chat_id is not None:
            await replies.note(gone, row.chat_id, row.person_id)
    except PersonGone:
        pass  # erased meanwhile: there is nobody to do anything for
    except Permanent as error:
        await in_thread(
            services.fail_update, update=row.id, reason=str(error)[:200], person_id=row.person_id, now=clock.now()
        )
        raise
    except Exception as error:
        if detours.will_be_late(error, row.chat_id, row.received_at, clock.now()):
            detours.leave_out()
        elif not aside and await _stepped_aside(error, envelope, "bot.handle_update", row.chat_id):
            return
        else:
            raise
    await _finish(services.Finished(row.id, templates, row.person_id, envelope))


async def answer_aside(envelope: Envelope) -> None:
    """Give an answer that stepped aside; what fails here is tried again here."""
    given = await in_thread(log.read_events, [envelope.fields["event"]])
    for answered in given:
        await _ANSWERS[envelope.fields["subscriber"]](answered, aside=True)


async def _stepped_aside(error: Exception, envelope: Envelope, subscriber: str, telegram_chat_id: int | None) -> bool:
    return await in_thread(
        detours.step_aside, error, envelope, subscriber=subscriber, telegram_chat_id=telegram_chat_id
    )


def _read(updates: Sequence[int]) -> list[Update | None]:
    rows = selectors.unhandled_updates(updates)
    return [rows.get(update) for update in updates]


def _note_finished(finished: Sequence[services.Finished]) -> list[None]:
    # The answers are out: the update is done, or they are sent again.
    insist(lambda: services.finish_updates(finished=finished, now=clock.now()))
    return [None] * len(finished)


# Many updates are answered side by side; what they ask of the database goes together.
_unhandled = Gathering(_read)
_finish = Gathering(_note_finished)


async def _answer(row: Update, person_id: int) -> list[str]:
    """Give the update to the library; return which screens were sent. Raises what a handler raised."""
    library = await application()
    turn = Turn(row.id, person_id, row.received_at, silent=detours.is_late(row.chat_id, row.received_at, clock.now()))
    begin_turn(turn)
    update = _decode(bytes(row.body), library)
    if strange_groups.concerns(row):
        return await strange_groups.turn_away(update, person_id, library)
    await library.process_update(update)
    if turn.error is not None:
        raise turn.error
    return turn.templates


def _decode(body: bytes, library: AnyApplication) -> telegram.Update:
    """Return the library's view of the body; raises Permanent if it has none, or one that the handlers would fail on."""
    try:
        reading.read(body)
        data: dict[str, Any] = json.loads(body)
        return telegram.Update.de_json(data, library.bot)
    except reading.Unreadable as error:
        raise Permanent(f"Unreadable: {error}.") from None
    except Exception as error:  # whatever a strange body does to the library, it will do again
        raise Permanent(f"{type(error).__name__}: the library cannot read this update.") from None


async def tell_daily(envelope: Envelope, *, aside: bool = False) -> None:
    """Tell the person what came of /daily, in the chat where they asked, else in their own; aside as answer_update() does."""
    person_id = envelope.user_id
    found = await in_thread(_address, envelope)
    if person_id is None or found is None:
        return
    if detours.is_late(found.chat, found.asked_at, clock.now()):
        detours.leave_out()
        return
    with translation.override(found.language):
        screen = _daily_screen(envelope)
    try:
        library = await application()
        sent = await replies.give(library.bot, found.chat, screen, person_id=person_id)
    except Exception as error:
        if detours.will_be_late(error, found.chat, found.asked_at, clock.now()):
            detours.leave_out()
        elif aside or not await _stepped_aside(error, envelope, "bot.answer_daily", found.chat):
            raise
        return
    if sent:
        await replies.note_sent(screen.template, person_id=person_id)


_ANSWERS = {"bot.handle_update": answer_update, "bot.answer_daily": tell_daily}


class _Address(NamedTuple):
    """Where to answer, in which language, and since when somebody waits for it."""

    chat: int
    language: str
    asked_at: datetime


def _address(envelope: Envelope) -> _Address | None:
    """Return where to answer; None for who is erased or takes no messages."""
    if envelope.user_id is None:
        return None
    own_chat = people.telegram_id(envelope.user_id)
    if own_chat is None:
        return None
    chat, asked_at = selectors.origin_of_event(envelope.correlation_id) or (None, clock.now())
    chat = chat or own_chat
    if selectors.is_gone(chat):
        return None
    return _Address(chat, people.profile(envelope.user_id).language, asked_at)


def _daily_screen(envelope: Envelope) -> Screen:
    fields = envelope.fields
    if envelope.type == "game.points_awarded":
        return daily.awarded(amount=fields["amount"], balance=fields["balance"])
    return daily.suppressed(reason=fields["reason"], local_time=envelope.local_time)
