"""Answering updates, with the Telegram library. Imported by those processes only that answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import telegram

from apps.bot import (
    authors,
    daily_answers,
    deferred_answers,
    documents,
    reading,
    replies,
    selectors,
    services,
    strange_groups,
)
from apps.bot.application import AnyApplication, application
from apps.bot.library_updates import LibraryUpdates
from apps.bot.models import Update
from apps.bot.outcomes.records import Shown
from apps.bot.places import place_of
from apps.bot.telegram_errors import Gone
from apps.bot.turns import Turn, act_time, begin_turn
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
    taken = await _unhandled(envelope.fields["update"])
    if taken is None:
        return
    row, document = taken
    if isinstance(document, reading.Unreadable):
        await _fail(row, f"Unreadable: {document}.")
        return
    answered = Answered()
    try:
        answered = await _answer(row, document)
    except Gone as gone:
        if row.chat_id is not None:
            await replies.note(gone, row.chat_id, row.person_id)
    except PersonGone:
        pass  # erased meanwhile: there is nobody to do anything for
    except Permanent as error:
        await _fail(row, str(error)[:200])
        raise
    except Exception as error:
        if deferred_answers.will_be_late(error, row.chat_id, row.received_at, clock.now()):
            deferred_answers.leave_out()
        elif not aside and await _stepped_aside(error, envelope, "bot.handle_update", row.chat_id):
            return
        else:
            raise
    await _finish(services.Finished(row.id, answered.templates, row.person_id, envelope, answered.shown))


async def answer_aside(envelope: Envelope) -> None:
    """Give an answer that stepped aside; what fails here is tried again here."""
    given = await in_thread(log.read_events, [envelope.fields["event"]])
    for answered in given:
        await _ANSWERS[envelope.fields["subscriber"]](answered, aside=True)


async def _stepped_aside(error: Exception, envelope: Envelope, subscriber: str, telegram_chat_id: int | None) -> bool:
    return await in_thread(
        deferred_answers.defer, error, envelope, subscriber=subscriber, telegram_chat_id=telegram_chat_id
    )


class _Taken(NamedTuple):
    """An update and what handlers read of it, or why they cannot."""

    row: Update
    document: reading.Update | reading.Unreadable


def _read(updates: Sequence[int]) -> list[_Taken | None]:
    """Return the updates that are not done; of groups that have become supergroups with the chats' present ids."""
    rows = selectors.unanswered_updates(updates)
    moved = selectors.moved_chats(row.chat_id for row in rows.values() if row.chat_id is not None)
    for row in rows.values():
        row.chat_id = moved.get(row.chat_id or 0, row.chat_id)
    return [_Taken(rows[update], _document(rows[update])) if update in rows else None for update in updates]


def _document(row: Update) -> reading.Update | reading.Unreadable:
    try:
        return documents.document_of(row)
    except reading.Unreadable as error:
        return error


def _note_finished(finished: Sequence[services.Finished]) -> list[None]:
    # The answers are out: the update is done, or they are sent again.
    insist(lambda: services.finish_updates(finished=finished, now=clock.now()))
    return [None] * len(finished)


# Many updates are answered side by side; what they ask of the database goes together.
_unhandled = Gathering(_read)
_finish = Gathering(_note_finished)


class Answered(NamedTuple):
    """Which screens were sent, and the messages that they stand in."""

    templates: Sequence[str] = ()
    shown: Sequence[Shown] = ()


async def _answer(row: Update, document: reading.Update) -> Answered:
    """Do what the update asks for; return what was sent. Raises what a handler raised."""
    if document.my_chat_member is not None:
        await in_thread(_note_standing, row, document.my_chat_member)
    elif document.message or document.callback_query:
        if row.chat_id is not None and await in_thread(strange_groups.is_strange, row):
            library = await application()
            asked = _library_update(row, document, library)
            place = place_of(document, row.chat_id)
            return Answered(await strange_groups.turn_away(asked, place, row.person_id, library))
        if row.person_id is not None:
            return await _reply(row, row.person_id, document)
    return Answered()


def _library_update(row: Update, document: reading.Update, library: AnyApplication) -> telegram.Update:
    return LibraryUpdates(library.bot).update(document, chat_id=row.chat_id, received_at=row.received_at)


async def _reply(row: Update, person_id: int, document: reading.Update) -> Answered:
    """Give the update to the library."""
    library = await application()
    turn = Turn(
        row.id,
        person_id,
        row.received_at,
        silent=deferred_answers.is_late(row.chat_id, row.received_at, clock.now()),
        place=None if row.chat_id is None else place_of(document, row.chat_id),
        names=authors.names_of(document.message or document.callback_query),
    )
    begin_turn(turn)
    await library.process_update(_library_update(row, document, library))
    if turn.error is not None:
        raise turn.error
    return Answered(turn.templates, turn.shown)


def _note_standing(row: Update, told: reading.Membership) -> None:
    """Note that the bot was let into a chat or thrown out of it, by whomever; in a private chat that is blocking it."""
    who = told.from_ if told.from_ and not told.from_.is_bot else None
    services.note_standing(
        telegram_chat_id=told.chat.id,
        kind=told.chat.type,
        is_in=told.new_chat_member.is_in,
        person_id=row.person_id,
        told_at=act_time(datetime.fromtimestamp(told.date, UTC) if told.date else None, row.received_at),
        update_id=row.update_id,
        now=clock.now(),
        came_in=told.came_in,
        by=services.Adder(who.id, who.language_code) if who else None,
    )


async def _fail(row: Update, reason: str) -> None:
    await in_thread(services.fail_update, update=row.id, reason=reason, person_id=row.person_id, now=clock.now())


_ANSWERS = {"bot.handle_update": answer_update, "bot.answer_daily": daily_answers.tell_daily}
