"""Calls to Telegram about groups: telling one that it was approved, leaving one, counting members. Outside transactions."""

import functools
import logging
from collections.abc import Sequence

from django.utils import translation
from telegram import Bot

from apps.bot import replies, services
from apps.bot.application import application
from apps.bot.group_members import Counted, groups_to_count, note_counts
from apps.bot.models import Group
from apps.bot.places import Place
from apps.bot.screens.groups import approved
from apps.bot.telegram_errors import Gone, Moved, TooFast, translated
from apps.users.languages import DEFAULT_LANGUAGE
from diana import clock
from diana.events import Envelope, Permanent, Retry
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)


async def tell_approved(envelope: Envelope) -> None:
    """Tell the group that it was approved; nothing if it is so no more, or the bot is not in it."""
    group = await in_thread(_group_of, envelope, Group.State.APPROVED)
    if group is None or group.gone_at is not None:
        return
    with translation.override(group.language or DEFAULT_LANGUAGE):
        screen = approved()
    library = await application()
    if await replies.give(library.bot, Place(group.telegram_id), screen, person_id=None):
        await replies.note_sent(screen.template, person_id=None)


async def leave(envelope: Envelope) -> None:
    """Leave the group, unless staff decided otherwise since; a group in which the bot is no more was left."""
    group = await in_thread(_group_of, envelope, Group.State.LEFT)
    if group is None:
        return
    bot = (await application()).bot
    telegram_id = group.telegram_id
    try:
        await _leave(bot, telegram_id)
    except Moved as moved:
        await in_thread(functools.partial(services.move_chat, old=telegram_id, new=moved.telegram_id))
        telegram_id = moved.telegram_id
        await _leave(bot, telegram_id)
    await in_thread(services.mark_gone, telegram_chat_id=telegram_id, person_id=None, blocked=False, now=clock.now())
    logger.info("a group was left", extra={"chat": group.pk})


async def _leave(bot: Bot, telegram_id: int) -> None:
    try:
        with translated("leaveChat"):
            await bot.leave_chat(telegram_id)
    except Gone:
        pass


def _group_of(envelope: Envelope, state: str) -> Group | None:
    """Return the event's group if it is in this state."""
    return Group.objects.filter(pk=envelope.fields["chat"], state=state).first()


async def count_members() -> int:
    """Ask Telegram how many members the groups have whose count is a day old; return how many were asked for."""
    due = await in_thread(groups_to_count, clock.now())
    if not due:
        return 0
    counted = await _counted((await application()).bot, due)
    await in_thread(note_counts, counted, clock.now())
    return len(counted)


async def _counted(bot: Bot, groups: Sequence[Group]) -> list[Counted]:
    """Return the answers as far as they go: where Telegram wants to be left alone the rest is asked for another time."""
    found: list[Counted] = []
    for group in groups:
        try:
            with translated("getChatMemberCount"):
                found.append(Counted(group.pk, await bot.get_chat_member_count(group.telegram_id)))
        except TooFast as error:
            if error.scope not in ("chat", "group"):
                break
            found.append(Counted(group.pk, None))
        except Retry:
            break
        except Exception as error:  # gone, moved, refused: the next message from there says more
            if not isinstance(error, Gone | Moved | Permanent):
                raise
            found.append(Counted(group.pk, None))
    return found
