"""What there is to do, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    """Stories, trivia and challenges from data files, and how far people have come with them."""

    name = "apps.content"
    label = "content"
    verbose_name = _("Content")

    def ready(self) -> None:
        """Register the check of the data files, and what is kept of people."""
        from apps.content import checks, personal_data
        from apps.users import privacy

        checks.register_checks()
        privacy.register(personal_data.PART)
