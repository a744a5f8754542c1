"""Payments, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PaymentsConfig(AppConfig):
    """Telegram Stars; so far the events in which payments are told."""

    name = "apps.payments"
    label = "payments"
    verbose_name = _("Payments")
