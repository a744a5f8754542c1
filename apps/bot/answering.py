"""Answering updates and telling what came of /daily, with the Telegram library. Imported by those processes only that answer."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import telegram

from apps.bot import authors, deferred_answers, documents, groups, reading, replies, selectors, services, strange_groups
from apps.bot.application import AnyApplication, application
from apps.bot.library_updates import LibraryUpdates
from apps.bot.models import Update
from apps.bot.outcomes.records import Shown
from apps.bot.places import Place, place_of
from apps.bot.screens import daily
from apps.bot.screens.formats import reader
from apps.bot.screens.layout import Screen
from apps.bot.telegram_errors import Gone
from apps.bot.turns import Turn, act_time, begin_turn
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


async def tell_daily(envelope: Envelope, *, aside: bool = False) -> None:
    """Tell the person what came of /daily, in the chat where they asked, else in their own; aside as answer_update() does."""
    person_id = envelope.user_id
    found = await in_thread(_address, envelope)
    if person_id is None or found is None:
        return
    chat = found.place.chat
    if deferred_answers.is_late(chat, found.asked_at, clock.now()):
        deferred_answers.leave_out()
        return
    with reader(found.language, found.timezone, clock.now()):
        screen = _daily_screen(envelope, found.wait)
    try:
        library = await application()
        sent = await replies.give(library.bot, found.place, screen, person_id=person_id)
    except Exception as error:
        if deferred_answers.will_be_late(error, chat, found.asked_at, clock.now()):
            deferred_answers.leave_out()
        elif aside or not await _stepped_aside(error, envelope, "bot.answer_daily", chat):
            raise
        return
    if sent:
        shown = Shown(person_id, envelope, sent.chat, sent.message, screen.text, None, said=envelope.position)
        await replies.note_sent(screen.template, person_id=person_id, shown=[shown] if sent.message else [])


_ANSWERS = {"bot.handle_update": answer_update, "bot.answer_daily": tell_daily}


class _Address(NamedTuple):
    """Where to answer, in which language and zone, since when somebody waits, and how long their date lasted still then."""

    place: Place
    language: str
    timezone: str
    asked_at: datetime
    wait: timedelta


def _address(envelope: Envelope) -> _Address | None:
    """Return where to answer; None for who is erased, takes no messages, or asked in a group that was refused since."""
    if envelope.user_id is None:
        return None
    own_chat = people.telegram_id(envelope.user_id)
    if own_chat is None:
        return None
    row = selectors.update_of_event(envelope.correlation_id)
    place = (row and _place(row)) or Place(own_chat)
    if selectors.is_gone(place.chat) or not groups.is_approved(place.chat):
        return None
    asked_at = row.received_at if row else clock.now()
    person, acted_at = people.profile(envelope.user_id), envelope.occurred_at
    return _Address(place, person.language, person.timezone, asked_at, person.clock.next_date(acted_at) - acted_at)


def _place(row: Update) -> Place | None:
    """Return where the update is answered; None for one without a chat."""
    if row.chat_id is None:
        return None
    document = _document(row)
    return Place(row.chat_id) if isinstance(document, reading.Unreadable) else place_of(document, row.chat_id)


def _daily_screen(envelope: Envelope, wait: timedelta) -> Screen:
    fields = envelope.fields
    if envelope.type == "game.points_awarded":
        return daily.awarded(amount=fields["amount"], balance=fields["balance"])
    return daily.suppressed(reason=fields["reason"], wait=wait)
