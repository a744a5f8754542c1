"""The bot as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BotConfig(AppConfig):
    """Registers the checks that keep a half-configured bot from starting."""

    name = "apps.bot"
    label = "bot"
    verbose_name = _("Telegram bot")

    def ready(self) -> None:
        """Register the system checks."""
        from apps.bot import checks

        checks.register_checks()
