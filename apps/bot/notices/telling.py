"""Sending what is due to one person, with the Telegram library: imported by those processes only that answer."""

import functools
from collections.abc import Sequence

from apps.bot import replies, selectors
from apps.bot.application import application
from apps.bot.models import Notice
from apps.bot.notices import settling
from apps.bot.notices.planning import RECEIPTS, may_be_told, wanted
from apps.bot.notices.receipts import is_told, with_details
from apps.bot.places import Place
from apps.bot.screens import notices as screens
from apps.bot.screens.formats import reader
from apps.bot.screens.layout import Screen
from apps.gamification import selectors as ledger
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope
from diana.events.connections import insist
from diana.events.loop import in_thread


async def tell(envelope: Envelope) -> None:
    """Send the message that the event asks for and note that it was sent; what is done already is not sent again."""
    found = await in_thread(_prepare, envelope)
    if found is None:
        return
    telegram_chat_id, screen, rows = found
    library = await application()
    person_id = rows[0].person_id
    if await replies.give(library.bot, Place(telegram_chat_id), screen, person_id=person_id):
        # It is out: noted, or it is sent again.
        note = functools.partial(settling.sent, notices=rows, template=screen.template, now=clock.now())
        await in_thread(insist, note)
    else:
        await in_thread(settling.drop, notices=rows, now=clock.now())


def _prepare(envelope: Envelope) -> tuple[int, Screen, Sequence[Notice]] | None:
    """Return where to send what, and the notices that it tells of; drop those that are not to be told any more."""
    rows = selectors.notices_to_tell(envelope.fields["notice"])
    if not rows:
        return None
    person_id = rows[0].person_id
    chat, own = _chat(rows[0], people.telegram_id(person_id)), people.preferences([person_id])[person_id]
    person = people.profile(person_id)
    told = [row for row in rows if chat is not None and may_be_told(row.kind, person.status) and wanted(row.kind, own)]
    told = [row for row in told if not is_told(row)]
    dropped = [row for row in rows if row not in told]
    if dropped:
        settling.drop(notices=dropped, now=clock.now())
    if chat is None or not told:
        return None
    with reader(person.language, person.timezone, clock.now()):
        titles = _titles(told)
        parts = [
            screens.Part(row.kind, with_details(row), titles.get(row.fields.get("achievement"), "")) for row in told
        ]
        until = people.effective_vip(person_id, clock.now())
        return chat, screens.notice(person_id=person_id, parts=parts, local=person.local, vip_until=until), told


def _chat(row: Notice, telegram_id: int | None) -> int | None:
    """Return where to write; a receipt is tried also where the chat took no messages: whoever pays may have opened it."""
    return telegram_id if row.kind in RECEIPTS else selectors.open_private_chat(telegram_id)


def _titles(rows: Sequence[Notice]) -> dict[str, str]:
    """Return what staff call the achievements that the notices are about."""
    if not any(row.kind == Notice.Kind.ACHIEVEMENT for row in rows):
        return {}
    return {found.key: found.title for found in ledger.achievements(rows[0].person_id)}
