"""The bot as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BotConfig(AppConfig):
    """Registers the checks that keep a half-configured bot from starting, what it can tell in a trace and keeps of people."""

    name = "apps.bot"
    label = "bot"
    verbose_name = _("Telegram bot")

    def ready(self) -> None:
        """Register them."""
        from apps.bot import checks, holds, personal_data, tracing
        from apps.bot.notices import personal_data as notices
        from apps.users import privacy
        from diana.events.tracing import register_finder, register_trace
        from diana.metrics import gauges

        checks.register_checks()
        gauges.register_gauges("telegram", holds.families)
        gauges.register_concerns("telegram", holds.concerns)
        notices.register()
        register_trace("update", tracing.tell, find=tracing.find)
        register_finder("telegram_update", tracing.find_telegrams)
        privacy.register(personal_data.PART)
