"""The audit record as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """One append-only table and the function that writes it."""

    name = "diana.audit"
    label = "audit"
    verbose_name = _("Audit")
