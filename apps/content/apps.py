"""What there is to do, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    """Stories, trivia and challenges from data files."""

    name = "apps.content"
    label = "content"
    verbose_name = _("Content")

    def ready(self) -> None:
        """Register the check of the data files."""
        from apps.content import checks

        checks.register_checks()
