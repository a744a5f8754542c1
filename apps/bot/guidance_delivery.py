"""Sending the hourly answer to what is no command, with the Telegram library: imported by those processes only that answer."""

from apps.bot import pages, replies, selectors
from apps.bot.application import application
from apps.bot.documents import document_of
from apps.bot.places import Place, place_of
from apps.bot.reading import Unreadable
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope
from diana.events.loop import in_thread


async def give_guidance(envelope: Envelope) -> None:
    """Show the person what there is to do, where they wrote."""
    person_id = envelope.user_id
    found = await in_thread(_prepare, envelope)
    if person_id is None or found is None:
        return
    place, reply = found
    library = await application()
    if await replies.give(library.bot, place, reply, person_id=person_id):
        await replies.note_sent(reply.template, person_id=person_id)


def _prepare(envelope: Envelope) -> tuple[Place, Reply] | None:
    """Return where to send what; None for who is erased, and for a chat that takes no messages."""
    if envelope.user_id is None:
        return None
    own_chat = selectors.open_private_chat(people.telegram_id(envelope.user_id))
    if own_chat is None:
        return None
    return _place(envelope.fields["update"], own_chat), pages.show("guidance", envelope.user_id, now=clock.now())


def _place(update: int, own_chat: int) -> Place:
    """Return where the message was, in its topic; the chat itself where that is not known any more."""
    row = selectors.update(update)
    try:
        return Place(own_chat) if row is None else place_of(document_of(row), own_chat)
    except Unreadable:
        return Place(own_chat)
