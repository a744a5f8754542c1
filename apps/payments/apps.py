"""Payments, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """Telegram Stars. Registers what it keeps about people."""

    name = "apps.payments"
    label = "payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        """Register it."""
        from apps.payments import personal_data
        from apps.users import privacy

        privacy.register(personal_data.PART)
