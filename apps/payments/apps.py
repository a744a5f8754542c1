"""Payments, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """Telegram Stars. Registers what it keeps about people, what Telegram has not done yet, and the act of giving back."""

    name = "apps.payments"
    label = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Register them."""
        from apps.payments import personal_data, standing
        from apps.payments.services import refund_limits
        from apps.users import privacy
        from diana import second_person
        from diana.metrics.gauges import register_concerns, register_gauges

        privacy.register(personal_data.PART)
        second_person.register(refund_limits.ACT)
        register_gauges("payments", standing.families)
        register_concerns("payments", standing.concerns)
