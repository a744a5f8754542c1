"""Points as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GamificationConfig(AppConfig):
    """Registers the checks of the rules and what the ledger can tell in a trace; events and handlers are found by the bus."""

    name = "apps.gamification"
    label = "gamification"
    verbose_name = _("Points")

    def ready(self) -> None:
        """Register both."""
        from apps.gamification import checks, tracing
        from diana.events.tracing import register_trace

        checks.register_checks()
        register_trace("entry", tracing.tell, find=tracing.find)
