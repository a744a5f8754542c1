"""Giving somebody an answer, and noting of its chat what a refusal says: gone, closed. What cannot be delivered is no error."""

import functools
import logging
from collections.abc import Sequence
from typing import NamedTuple

from telegram import Bot, CallbackQuery, Message

from apps.bot import closed_chats, selectors, services
from apps.bot.models import Chat
from apps.bot.outcomes.records import Shown
from apps.bot.places import Place
from apps.bot.screens.layout import Invoice, Reply, Screen
from apps.bot.sending import redraw, send
from apps.bot.telegram_errors import Closed, Gone, Moved, Refused, TopicClosed, TopicGone, Uneditable
from diana import clock, metrics
from diana.events import Permanent
from diana.events.connections import insist
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)

# Nobody gets the reply, and that is no error.
UNSENT = (Gone, Closed, TopicGone, TopicClosed, Refused)


class Given(NamedTuple):
    """Where a reply stands: the chat at Telegram and the number of the message there, 0 for one that its reader alone sees."""

    chat: int
    message: int


async def give(bot: Bot, place: Place, reply: Reply, *, person_id: int | None) -> Given | None:
    """Send the reply and return where it stands, None where it was not sent; a chat that takes none is noted, and a closed
    group is not called before its time. Where the group has become a supergroup, that is noted and the reply goes there.
    Whose bill is refused is told so. Raises Retry, and Permanent for a mistake of ours.
    """
    try:
        return await _give(bot, place, reply, person_id=person_id)
    except Moved as moved:
        return await _follow(bot, place, moved, reply, person_id=person_id)


async def _follow(bot: Bot, place: Place, moved: Moved, reply: Reply, *, person_id: int | None) -> Given | None:
    """Note that the group has moved and send the reply there: what is refused is said of the supergroup."""
    await in_thread(functools.partial(services.move_chat, old=place.chat, new=moved.telegram_id))
    return await _give(bot, place.in_chat(moved.telegram_id), reply, person_id=person_id)


async def _give(bot: Bot, place: Place, reply: Reply, *, person_id: int | None) -> Given | None:
    until = await in_thread(closed_chats.closed_until, place.chat) if place.chat < 0 else None
    if until is not None and until > clock.now():
        metrics.unsent("closed")
        return None
    try:
        given = await _send(bot, place, reply)
    except Permanent as error:
        if isinstance(reply, Invoice):
            await _tell_refused(bot, place, reply, error, person_id)
        elif isinstance(error, Refused):
            await note(error, place.chat, person_id)
        else:
            raise
        return None
    except UNSENT as error:
        await note(error, place.chat, person_id)
        return None
    if until is not None:
        await in_thread(insist, functools.partial(closed_chats.reopen, telegram_chat_id=place.chat))
    return given


async def _send(bot: Bot, place: Place, reply: Reply) -> Given:
    """Send it to the place, or to the next one where it may be instead; raises the last refusal."""
    try:
        return Given(place.chat, await send(bot, place, reply))
    except (TopicGone, TopicClosed, Closed, Refused) as error:
        instead = await in_thread(_instead_of, place, error)
        if instead is None:
            raise
        return await _send(bot, instead, reply)


def _instead_of(place: Place, error: Exception) -> Place | None:
    """Return where a reply may go that was refused: from a topic that is gone to the chat. What one person alone may see goes
    to them as an answer, which bots that are no administrators may give for 15 seconds, then to their own chat.
    """
    if isinstance(error, TopicGone) and place.thread:
        return place.outside_topic()
    if place.only_for is None:
        return None
    if place.ephemeral and not place.as_reply:
        return place._replace(as_reply=True)
    own_chat = selectors.open_private_chat(place.only_for)
    return None if own_chat is None else Place(own_chat)


async def _tell_refused(bot: Bot, place: Place, bill: Invoice, error: Permanent, person_id: int | None) -> None:
    """Tell whoever wants to buy that Telegram does not take the bill, and operators why: a later try helps nobody."""
    metrics.unsent("refused")
    logger.error("Telegram does not take a bill: nobody can buy this for now. %s", error)
    if await _give(bot, place, bill.refused, person_id=person_id) and person_id is not None:
        await note_sent(bill.refused.template, person_id=person_id)


async def note_sent(template: str, *, person_id: int | None, shown: Sequence[Shown] = ()) -> None:
    """Note that a reply is out: where that fails it is sent again, so the database is asked until it answers."""
    note = functools.partial(services.note_reply, template=template, person_id=person_id, shown=shown, now=clock.now())
    await in_thread(insist, note)


async def redraw_or_give(
    bot: Bot, query: CallbackQuery, below: Message, place: Place, screen: Screen, *, person_id: int
) -> Given | None:
    """Put the screen in place of the one whose button was pressed, or send it where that cannot be; return where it stands.
    Raises what give() does.
    """
    try:
        await redraw(query, screen)
    except (Uneditable, TopicGone):
        return await give(bot, place, screen, person_id=person_id)
    except Moved as moved:
        return await _follow(bot, place._replace(chat=below.chat.id), moved, screen, person_id=person_id)
    except UNSENT as error:
        await note(error, below.chat.id, person_id)
        return None
    return Given(below.chat.id, below.message_id)


async def note(error: Exception, telegram_chat_id: int, person_id: int | None) -> None:
    """Note what the refusal says of the chat."""
    now = clock.now()
    match error:
        case Gone(blocked=blocked):
            metrics.unsent("gone")
            await in_thread(
                services.mark_gone, telegram_chat_id=telegram_chat_id, person_id=person_id, blocked=blocked, now=now
            )
        case Closed() if telegram_chat_id < 0:
            metrics.unsent("closed")
            kind = Chat.Kind.SUPERGROUP if telegram_chat_id < -1_000_000_000_000 else Chat.Kind.GROUP
            await in_thread(closed_chats.close, telegram_chat_id=telegram_chat_id, kind=kind, now=now)
            logger.info("a group takes no messages of the bot")
        case TopicGone() | TopicClosed():
            metrics.unsent("topic")
        case _:
            metrics.unsent("refused")
