"""Points as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GamificationConfig(AppConfig):
    """Registers checks, traces, how the proof stands, what is kept of people, and who keeps what waits for a second person.

    The bus finds events and handlers.
    """

    name = "apps.gamification"
    label = "gamification"
    verbose_name = _("Points")

    def ready(self) -> None:
        """Register them."""
        from apps.gamification import checks, personal_data, tracing
        from apps.gamification.proof import standing
        from apps.gamification.services import requests
        from apps.users import privacy
        from diana import second_person
        from diana.events.tracing import register_trace
        from diana.metrics.gauges import register_concerns, register_gauges

        checks.register_checks()
        register_gauges("ledger", standing.families)
        register_concerns("ledger", standing.concerns)
        register_trace("entry", tracing.tell, find=tracing.find)
        privacy.register(personal_data.PART)
        second_person.keep_requests(requests.Keeper())
