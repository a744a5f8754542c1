"""People and staff as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    """Other apps use its services, selectors and events, nothing else."""

    name = "apps.users"
    label = "users"
    verbose_name = _("People")
