"""Telling the outcome of an act, with the Telegram library: imported by those processes only that answer."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from telegram import InlineKeyboardMarkup

from apps.bot import groups
from apps.bot.application import application
from apps.bot.outcomes import records, settlement
from apps.bot.outcomes.models import ShownScreen
from apps.bot.screens import formats
from apps.bot.screens import outcome as screens
from apps.bot.sending import MAX_TEXT, edit
from apps.bot.telegram_errors import Closed, Gone, Moved, TopicClosed, TopicGone, Uneditable
from apps.gamification import outcomes
from apps.gamification import selectors as ledger
from apps.users import selectors as people
from diana import clock
from diana.events import Envelope, Permanent, Postponed
from diana.events.connections import insist
from diana.events.correlations import Act
from diana.events.loop import in_thread

logger = logging.getLogger(__name__)

# So long an outcome is waited for; what comes later is told with the digest.
WAIT_SECONDS = 0.3
LOOK_SECONDS = 0.05
# An edit that Telegram had wait for so long is none that anybody sees.
LATEST = timedelta(minutes=1)
# When what was not decided by then is asked for again.
AGAIN_SECONDS = 2.0
# The message stays as it is; the outcome is told elsewhere.
UNEDITED = (Uneditable, Gone, Closed, Moved, TopicGone, TopicClosed, Permanent)


async def tell(envelope: Envelope) -> None:
    """Tell on the screen what came of its act within WAIT_SECONDS, in one edit, and leave the rest for the digest.

    Delivered again, it changes nothing: the same edit, and rows that say up to where the outcome was told.
    """
    shown = envelope.fields["shown"]
    row = await in_thread(records.get, shown)
    if row is None:
        return
    found = await _wait(row)
    events = [event for event in found.events if event.position > row.told and event.position != row.said]
    if (events or not found.complete) and not (events and await _tell_on_screen(row, events)):
        await in_thread(insist, lambda: settlement.left_over(row, events, now=clock.now()))
    if not found.complete:
        raise Postponed("What came of the act is not decided yet.", after=AGAIN_SECONDS)


async def _wait(row: ShownScreen) -> outcomes.Outcome:
    """Return what came of the act once nothing more will follow, or the time is up."""
    act = Act(row.person_id, row.correlation_id, row.position)
    until = time.monotonic() + WAIT_SECONDS - (clock.now() - row.shown_at).total_seconds()
    while True:
        found = await in_thread(outcomes.outcome_of, act)
        if found.complete or time.monotonic() >= until:
            return found
        await asyncio.sleep(LOOK_SECONDS)


async def _tell_on_screen(row: ShownScreen, events: Sequence[Envelope]) -> bool:
    """Edit the message, if it shows the act's screen still, and say whether it tells the outcome now."""
    late = clock.now() - row.shown_at > LATEST
    heard = not late and await in_thread(groups.is_approved, row.chat_id)
    claimed = await in_thread(records.claim, row.pk) if heard else None
    if claimed is None:
        return False
    try:
        text = await in_thread(_text, claimed, events)
        if len(text) > MAX_TEXT or not await _edit(claimed, text):
            return False
    except BaseException:
        await in_thread(insist, lambda: records.release(row.pk))
        raise
    await in_thread(insist, lambda: settlement.on_screen(row, events, now=clock.now()))
    return True


async def _edit(row: ShownScreen, text: str) -> bool:
    library = await application()
    keyboard = None if row.keyboard is None else InlineKeyboardMarkup.de_json(row.keyboard, library.bot)
    try:
        await edit(library.bot, row.chat_id, row.message_id, text, keyboard)
    except UNEDITED as error:
        logger.info("an outcome is left for the digest: %s", type(error).__name__)
        return False
    return True


def _text(row: ShownScreen, events: Sequence[Envelope]) -> str:
    """Return the screen with the outcome below it, in the person's language."""
    unlocked = any(event.type == "game.achievement_unlocked" for event in events)
    titles = {found.key: found.title for found in ledger.achievements(row.person_id)} if unlocked else {}
    person = people.profile(row.person_id)
    with formats.reader(person.language, person.timezone, clock.now()):
        told = screens.outcome(events, titles)
    return f"{row.text}\n\n{told}" if told else row.text
