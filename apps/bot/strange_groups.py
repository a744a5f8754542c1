"""Answers in groups that are not paid: one sentence to the first command, a notice to whoever presses a button. No acts."""

import telegram
from django.utils import translation

from apps.bot import replies, services
from apps.bot.application import AnyApplication
from apps.bot.menu import COMMANDS
from apps.bot.models import Update
from apps.bot.places import Place
from apps.bot.screens.groups import unpaid
from apps.bot.screens.layout import Screen
from apps.bot.sending import acknowledge
from apps.users import selectors as people
from diana import clock
from diana.events.loop import in_thread

# What people do. That the bot itself was let in or thrown out is noted everywhere.
ACTS = ("message", "edited_message", "callback_query")


def may_concern(row: Update) -> bool:
    """Say whether the update is an act in a group, which may not be paid."""
    return row.kind in ACTS and row.chat_id is not None and row.chat_id < 0


async def turn_away(update: telegram.Update, place: Place, person_id: int, library: AnyApplication) -> list[str]:
    """Say that nothing counts here, unless the group was told; return which screens were sent. Who asks unseen is told
    unseen, which does not tell the group.
    """
    chat = update.effective_chat
    assert chat is not None, "the webhook found its id"
    if update.callback_query is not None:
        screen = await in_thread(_screen, person_id, chat.id)
        await acknowledge(update.callback_query, screen.text)
        return []
    if update.message is None or not _is_command(update.message, library.bot.username):
        return []
    claims = place.only_for is None
    if claims and not await in_thread(
        services.claim_unpaid_notice, telegram_id=chat.id, kind=chat.type, now=clock.now()
    ):
        return []
    screen = await in_thread(_screen, person_id, chat.id)
    told = False
    try:
        told = await replies.give(library.bot, place, screen, person_id=person_id)
    finally:
        if claims and not told:
            await in_thread(services.return_unpaid_notice, telegram_id=chat.id)
    return [screen.template] if told else []


def _screen(person_id: int, chat: int) -> Screen:
    with translation.override(people.profile(person_id).language):
        return unpaid(telegram_chat_id=chat)


def _is_command(message: telegram.Message, username: str) -> bool:
    """Say whether it is a command of this bot, as the library would."""
    command, _, name = (message.text or "").split(maxsplit=1)[0].removeprefix("/").partition("@")
    return command.lower() in COMMANDS and name.lower() in ("", username.lower())
