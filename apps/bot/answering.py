"""Answering updates and telling what came of /daily, with the Telegram library. Imported by those processes only that answer."""

import json
from collections.abc import Sequence
from typing import Any

import telegram
from django.utils import translation

from apps.bot import reading, replies, selectors, services, strange_groups
from apps.bot.application import AnyApplication, application
from apps.bot.models import Update
from apps.bot.screens import daily
from apps.bot.screens.layout import Screen
from apps.bot.telegram_errors import Gone
from apps.bot.turns import Turn, begin_turn
from apps.users import selectors as people
from apps.users.services import PersonGone
from diana import clock
from diana.events import Envelope, Permanent
from diana.events.gathering import Gathering
from diana.events.loop import in_thread


async def answer_update(envelope: Envelope) -> None:
    """Do what the update asks for and reply. Done again, it changes nothing; only the reply may come twice."""
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
    await _finish(services.Finished(row.id, templates, row.person_id, envelope))


def _read(updates: Sequence[int]) -> list[Update | None]:
    rows = selectors.unhandled_updates(updates)
    return [rows.get(update) for update in updates]


def _note_finished(finished: Sequence[services.Finished]) -> list[None]:
    services.finish_updates(finished=finished, now=clock.now())
    return [None] * len(finished)


# Many updates are answered side by side; what they ask of the database goes together.
_unhandled = Gathering(_read)
_finish = Gathering(_note_finished)


async def _answer(row: Update, person_id: int) -> list[str]:
    """Give the update to the library; return which screens were sent. Raises what a handler raised."""
    library = await application()
    turn = Turn(row.id, person_id, row.received_at)
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
    if await replies.give(library.bot, telegram_chat_id, screen, person_id=person_id):
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
