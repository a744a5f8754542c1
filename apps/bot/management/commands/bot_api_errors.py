"""manage.py bot_api_errors: docs/bot-api-errors.md."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.bot.api_error_page import markdown


class Command(BaseCommand):
    """Prints which errors of the Bot API are known and what they mean."""

    help = "Print docs/bot-api-errors.md: which errors of the Bot API are known and what they mean."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        self.stdout.write(markdown(), ending="")
