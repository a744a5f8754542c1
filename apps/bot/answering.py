"""Answering updates and telling what came of /daily, with the Telegram library. Imported by those processes only that answer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.utils import translation

from apps.bot import documents, groups, reading, selectors, services, strange_groups
from apps.bot.application import application
from apps.bot.library import LibraryUpdates
from apps.bot.models import Update
from apps.bot.screens import daily
from apps.bot.screens.layout import Screen
from apps.bot.sending import send
from apps.bot.telegram_errors import Gone
from apps.bot.turns import Turn, act_time, begin_turn
from apps.users import selectors as people
from apps.users.services import PersonGone
from diana import clock
from diana.events import Envelope, Permanent
from diana.events.gathering import Gathering
from diana.events.loop import in_thread


async def answer_update(envelope: Envelope) -> None:
    """Do what the update asks for and reply. Done again, it changes nothing; only the reply may come twice."""
    taken = await _unhandled(envelope.fields["update"])
    if taken is None:
        return
    row, document = taken
    if isinstance(document, reading.Unreadable):
        await _fail(row, f"Unreadable: {document}.")
        return
    templates: list[str] = []
    try:
        templates = await _answer(row, document)
    except Gone:
        await _mark_gone(row.chat_id, row.person_id)
    except PersonGone:
        pass  # erased meanwhile: there is nobody to do anything for
    except Permanent as error:
        await _fail(row, str(error)[:200])
        raise
    await _finish(services.Finished(row.id, templates, row.person_id, envelope))


class _Taken(NamedTuple):
    """An update and what handlers read of it, or why they cannot."""

    row: Update
    document: reading.Update | reading.Unreadable


def _read(updates: Sequence[int]) -> list[_Taken | None]:
    """Return the updates that are not done; of groups that have become supergroups with the chats' present ids."""
    rows = selectors.unhandled_updates(updates)
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
    services.finish_updates(finished=finished, now=clock.now())
    return [None] * len(finished)


# Many updates are answered side by side; what they ask of the database goes together.
_unhandled = Gathering(_read)
_finish = Gathering(_note_finished)


async def _answer(row: Update, document: reading.Update) -> list[str]:
    """Do what the update asks for; return which screens were sent. Raises what a handler raised."""
    if document.my_chat_member is not None:
        await in_thread(_note_standing, row, document.my_chat_member)
    elif row.person_id is not None and (document.message or document.callback_query):
        return await _reply(row, row.person_id, document)
    return []


async def _reply(row: Update, person_id: int, document: reading.Update) -> list[str]:
    """Give the update to the library."""
    library = await application()
    turn = Turn(row.id, person_id, row.received_at)
    begin_turn(turn)
    update = LibraryUpdates(library.bot).update(document, chat_id=row.chat_id, received_at=row.received_at)
    if strange_groups.may_concern(row) and not await in_thread(groups.is_approved, row.chat_id or 0):
        return await strange_groups.turn_away(update, person_id, library)
    await library.process_update(update)
    if turn.error is not None:
        raise turn.error
    return turn.templates


def _note_standing(row: Update, told: reading.Membership) -> None:
    """Note that the bot was let into a chat or thrown out of it, by whomever; in a private chat that is blocking it."""
    services.note_standing(
        telegram_chat_id=told.chat.id,
        kind=told.chat.type,
        is_in=told.new_chat_member.is_in,
        person_id=row.person_id,
        told_at=act_time(datetime.fromtimestamp(told.date, UTC) if told.date else None, row.received_at),
        now=clock.now(),
    )


async def _fail(row: Update, reason: str) -> None:
    await in_thread(services.fail_update, update=row.id, reason=reason, person_id=row.person_id, now=clock.now())


async def _mark_gone(telegram_chat_id: int | None, person_id: int | None) -> None:
    if telegram_chat_id is not None:
        await in_thread(services.mark_gone, telegram_chat_id=telegram_chat_id, person_id=person_id, now=clock.now())


async def tell_daily(envelope: Envelope) -> None:
    """Tell the person what came of /daily, in the chat where they asked, else in their own."""
    person_id = envelope.user_id
    found = await in_thread(_address, envelope)
    if person_id is None or found is None:
        return
    telegram_chat_id, language = found
    with translation.override(language):
        screen = _daily_screen(envelope)
    library = await application()
    try:
        await send(library.bot, telegram_chat_id, screen)
    except Gone:
        await _mark_gone(telegram_chat_id, person_id)
    else:
        await in_thread(services.note_reply, template=screen.template, person_id=person_id)


def _address(envelope: Envelope) -> tuple[int, str] | None:
    """Return where to answer and in which language; None for who is erased or takes no messages."""
    if envelope.user_id is None:
        return None
    own_chat = people.telegram_id(envelope.user_id)
    if own_chat is None:
        return None
    chat = selectors.chat_of_event(envelope.correlation_id) or own_chat
    if selectors.is_gone(chat):
        return None
    return chat, people.profile(envelope.user_id).language


def _daily_screen(envelope: Envelope) -> Screen:
    fields = envelope.fields
    if envelope.type == "game.points_awarded":
        return daily.awarded(amount=fields["amount"], balance=fields["balance"])
    return daily.suppressed(reason=fields["reason"], local_time=envelope.local_time)
