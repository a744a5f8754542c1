"""Answers in groups that are not approved: one sentence to the first command, a notice to whoever presses a button. No acts."""

import telegram
from django.utils import translation

from apps.bot import groups, replies, services
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


def is_strange(row: Update) -> bool:
    """Say whether the update is an act in a group that is not approved, or was not when it came."""
    if row.kind not in ACTS or row.chat_id is None:
        return False
    return row.delete_at is not None or not groups.is_approved(row.chat_id)


async def turn_away(update: telegram.Update, place: Place, person_id: int | None, library: AnyApplication) -> list[str]:
    """Say that nothing counts here, unless the group was told or staff have decided; return which screens were sent. Who asks
    unseen is told unseen, which does not tell the group.
    """
    chat = update.effective_chat
    assert chat is not None, "the webhook found its id"
    undecided = await in_thread(groups.is_undecided, chat.id)
    language = await in_thread(_language, person_id, update.effective_user)
    if update.callback_query is not None:
        await acknowledge(update.callback_query, _screen(language, chat.id).text if undecided else "")
        return []
    if not undecided or update.message is None or not _is_command(update.message, library.bot.username):
        return []
    claims = place.only_for is None
    if claims and not await in_thread(
        services.claim_unpaid_notice, telegram_id=chat.id, kind=chat.type, language=language, now=clock.now()
    ):
        return []
    screen = _screen(language, chat.id)
    told = False
    try:
        told = await replies.give(library.bot, place, screen, person_id=person_id) is not None
    finally:
        if claims and not told:
            await in_thread(services.return_unpaid_notice, telegram_id=chat.id)
    return [screen.template] if told else []


def _language(person_id: int | None, user: telegram.User | None) -> str:
    """Return the language of who asks, as far as anybody knows."""
    if person_id is not None:
        return people.profile(person_id).language
    return people.guess_language(user.language_code if user else None)


def _screen(language: str, chat: int) -> Screen:
    with translation.override(language):
        return unpaid(telegram_chat_id=chat)


def _is_command(message: telegram.Message, username: str) -> bool:
    """Say whether it is a command of this bot, as the library would."""
    command, _, name = (message.text or "").split(maxsplit=1)[0].removeprefix("/").partition("@")
    return command.lower() in COMMANDS and name.lower() in ("", username.lower())
