"""The slots of periodic jobs as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeriodicConfig(AppConfig):
    """One table of claimed slots."""

    name = "diana.periodic"
    label = "periodic"
    verbose_name = _("Periodic jobs")
