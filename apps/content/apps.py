"""What there is to do, as a Django application."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    """Stories, trivia and challenges; so far the events in which playing them is told."""

    name = "apps.content"
    label = "content"
    verbose_name = _("Content")
