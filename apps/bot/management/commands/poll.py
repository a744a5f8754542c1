"""Fetches updates from Telegram, where no webhook can reach this deployment."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.bot.polling.bot_api import BotApi, TelegramAway, TelegramRefused
from apps.bot.polling.lock import AnotherPoller
from apps.bot.polling.poller import Poller
from apps.bot.polling.stopping import Stop, Stopped
from apps.bot.polling.webhooks import PollingRefused, refuse_webhook, remove_webhook, username
from diana import start_checks


class Command(BaseCommand):
    """`manage.py poll`; runs until SIGTERM or SIGINT."""

    help = (
        "Fetch updates from Telegram (getUpdates) instead of having them delivered to the webhook. Needs no public address."
        " Runs until it is stopped; one process for each bot. Set TELEGRAM_UPDATES=poll for all processes."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--remove-webhook",
            action="store_true",
            help="remove the webhook that is set, then poll; updates that wait at Telegram stay",
        )
        parser.add_argument(
            "--check", action="store_true", help="say which bot it is and whether it can be polled for, and end"
        )

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        """Poll, or check; what ends it for good becomes one sentence and status 1."""
        if settings.TELEGRAM_UPDATES != "poll":
            raise CommandError(
                "TELEGRAM_UPDATES is not poll: updates come in by the webhook. Set TELEGRAM_UPDATES=poll for all processes."
            )
        start_checks.refuse_on_errors()
        stop, api = Stop(), BotApi(settings.TELEGRAM_API_URL, settings.TELEGRAM_BOT_TOKEN)
        try:
            if check:
                self._check(api, options["remove_webhook"])
            else:
                stop.install()
                Poller(api, stop, remove_webhook=options["remove_webhook"]).run()
        except Stopped:
            pass
        except (AnotherPoller, PollingRefused) as error:
            raise CommandError(str(error)) from None
        finally:
            api.close()

    def _check(self, api: BotApi, remove: bool) -> None:
        try:
            name = username(api)
            if remove:
                remove_webhook(api)
            refuse_webhook(api)
        except (TelegramAway, TelegramRefused) as error:
            raise CommandError(f"{error}.") from None
        self.stdout.write(f"https://t.me/{name}")
