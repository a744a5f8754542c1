"""Points as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GamificationConfig(AppConfig):
    """Registers the checks of the rules; events and handlers are found by the bus."""

    name = "apps.gamification"
    label = "gamification"
    verbose_name = _("Points")

    def ready(self) -> None:
        """Register the system checks."""
        from apps.gamification import checks

        checks.register_checks()
