"""Tells Telegram the commands that people are shown, in every language of the bot."""

import argparse
import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from telegram import Bot, BotCommand
from telegram.error import TelegramError

from apps.bot.menu import COMMANDS
from apps.bot.telegram_errors import told_to_operators


class Command(BaseCommand):
    """`manage.py set_commands`."""

    help = "Tell Telegram the bot's commands in every language. A second call changes nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take what to do."""
        parser.add_argument("--dry-run", action="store_true", help="show the lists and set nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        """Set one list for each language; English also serves people of other languages."""
        lists = {language: commands_in(language) for language, _ in settings.LANGUAGES}
        if not dry_run:
            try:
                asyncio.run(_set(lists))
            except TelegramError as error:
                raise CommandError(told_to_operators(error)) from None
        for language, commands in lists.items():
            described = ", ".join(f"/{command.command} ({command.description})" for command in commands)
            self.stdout.write(f"{language}: {described}")


def commands_in(language: str) -> list[BotCommand]:
    """Return the commands with their descriptions in the language."""
    with translation.override(language):
        return [BotCommand(command, str(purpose)) for command, purpose in COMMANDS.items()]


async def _set(lists: dict[str, list[BotCommand]]) -> None:
    async with Bot(settings.TELEGRAM_BOT_TOKEN, base_url=f"{settings.TELEGRAM_API_URL}/bot") as bot:
        await bot.set_my_commands(lists["en"])
        for language, commands in lists.items():
            await bot.set_my_commands(commands, language_code=language)
