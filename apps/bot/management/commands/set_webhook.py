"""Tells Telegram where to deliver updates, with which secret, and which kinds."""

import argparse
import asyncio
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from telegram import Bot
from telegram.error import TelegramError

from apps.bot.incoming import KINDS
from apps.bot.telegram_errors import told_to_operators
from apps.bot.webhook import accepted_secrets

MAX_CONNECTIONS = 40


class Command(BaseCommand):
    """`manage.py set_webhook --url https://example.org/telegram/webhook`."""

    help = "Tell Telegram where to deliver updates. A second call changes nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Take the address and what to do."""
        parser.add_argument(
            "--url", required=True, help="https address of this deployment, ending in /telegram/webhook"
        )
        parser.add_argument("--max-connections", type=int, default=MAX_CONNECTIONS, help="deliveries at once, 1 to 100")
        parser.add_argument("--dry-run", action="store_true", help="say what would be set")

    def handle(self, *args: Any, url: str, max_connections: int, dry_run: bool, **options: Any) -> None:
        """Set the webhook; the error of Telegram ends the command."""
        if settings.TELEGRAM_UPDATES != "webhook":
            raise CommandError(
                "TELEGRAM_UPDATES is not webhook: updates are fetched by manage.py poll, and a webhook would end that."
                " Unset TELEGRAM_UPDATES, end the process poll, then set the webhook."
            )
        if not url.endswith("/telegram/webhook"):
            raise CommandError(
                f"{url}: the address of the webhook ends in /telegram/webhook; `door` answers 404 elsewhere."
            )
        if not dry_run:
            try:
                asyncio.run(_set(url, max_connections))
            except TelegramError as error:
                raise CommandError(told_to_operators(error)) from None
        verb = "would be" if dry_run else "is"
        self.stdout.write(f"The webhook {verb} {url} for {', '.join(KINDS)}; {max_connections} deliveries at once.")


async def _set(url: str, max_connections: int) -> None:
    async with Bot(settings.TELEGRAM_BOT_TOKEN, base_url=f"{settings.TELEGRAM_API_URL}/bot") as bot:
        await bot.set_webhook(
            url, secret_token=accepted_secrets()[0], allowed_updates=KINDS, max_connections=max_connections
        )
