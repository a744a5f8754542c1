"""The bot as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BotConfig(AppConfig):
    """Registers the checks that keep a half-configured bot from starting, its traces, what it keeps of people."""

    name = "apps.bot"
    label = "bot"
    verbose_name = _("Telegram bot")

    def ready(self) -> None:
        """Register them."""
        from apps.bot import checks, tracing
        from apps.bot.notices import personal_data
        from diana.events.tracing import register_trace

        checks.register_checks()
        personal_data.register()
        register_trace("update", tracing.tell, find=tracing.find)
