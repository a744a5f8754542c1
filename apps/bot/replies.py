"""Giving somebody an answer, and noting of its chat what a refusal says: gone, closed. What cannot be delivered is no error."""

import functools
import logging

from telegram import Bot, CallbackQuery, Message

from apps.bot import closed_chats, services
from apps.bot.models import Chat
from apps.bot.screens.layout import Reply, Screen
from apps.bot.sending import redraw, send
from apps.bot.telegram_errors import Closed, Gone, Moved, Refused, Uneditable
from diana import clock, metrics
from diana.events.connections import insist
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)


async def give(
    bot: Bot, telegram_chat_id: int, reply: Reply, *, person_id: int | None, reply_to: Message | None = None
) -> bool:
    """Send the reply and say whether it was; a chat that takes none is noted, and a closed group is not called before its
    time. Where the group has become a supergroup, that is noted and the reply goes there. Raises Retry, and Permanent
    for a mistake of ours.
    """
    try:
        return await _give(bot, telegram_chat_id, reply, person_id=person_id, reply_to=reply_to)
    except Moved as moved:
        return await _follow(bot, telegram_chat_id, moved, reply, person_id=person_id)


async def _follow(bot: Bot, telegram_chat_id: int, moved: Moved, reply: Reply, *, person_id: int | None) -> bool:
    """Note that the group has moved and send the reply there: what is refused is said of the supergroup. The numbers of
    messages begin anew there.
    """
    await in_thread(functools.partial(services.move_chat, old=telegram_chat_id, new=moved.telegram_id))
    return await _give(bot, moved.telegram_id, reply, person_id=person_id)


async def _give(
    bot: Bot, telegram_chat_id: int, reply: Reply, *, person_id: int | None, reply_to: Message | None = None
) -> bool:
    until = await in_thread(closed_chats.closed_until, telegram_chat_id) if telegram_chat_id < 0 else None
    if until is not None and until > clock.now():
        metrics.unsent("closed")
        return False
    try:
        await send(bot, telegram_chat_id, reply, reply_to=reply_to)
    except (Gone, Closed, Refused) as error:
        await note(error, telegram_chat_id, person_id)
        return False
    if until is not None:
        await in_thread(insist, functools.partial(closed_chats.reopen, telegram_chat_id=telegram_chat_id))
    return True


async def note_sent(template: str, *, person_id: int | None) -> None:
    """Note that a reply is out: where that fails it is sent again, so the database is asked until it answers."""
    await in_thread(insist, functools.partial(services.note_reply, template=template, person_id=person_id))


async def redraw_or_give(bot: Bot, query: CallbackQuery, below: Message, screen: Screen, *, person_id: int) -> bool:
    """Put the screen in place of the one whose button was pressed, or send it where that cannot be; say whether it is
    there. Raises what give() does.
    """
    chat = below.chat.id
    try:
        await redraw(query, screen)
    except Uneditable:
        return await give(bot, chat, screen, person_id=person_id)
    except Moved as moved:
        return await _follow(bot, chat, moved, screen, person_id=person_id)
    except (Gone, Closed, Refused) as error:
        await note(error, chat, person_id)
        return False
    return True


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
        case _:
            metrics.unsent("refused")
