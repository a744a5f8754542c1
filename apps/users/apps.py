"""People and staff as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    """Other apps use its services, selectors and events, and the registry of personal data; nothing else."""

    name = "apps.users"
    label = "users"
    verbose_name = _("People")

    def ready(self) -> None:
        """Register what is kept of people here, and the acts that give VIP."""
        from apps.users import personal_data, privacy
        from apps.users.services import vip_limits
        from diana import second_person

        privacy.register(personal_data.part())
        second_person.register(*vip_limits.ACTS)
