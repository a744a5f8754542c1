"""Celery's settings, taken from Django's. Celery imports this module when it is configured, not before."""

from typing import Any

from django.conf import settings

PREFIX = "CELERY_"


def celery_settings() -> dict[str, Any]:
    """Return the settings that are Celery's, under its own names.

    Workers show their configuration to whoever asks, and Flower shows it in its pages: Django's other settings must not be
    part of it. Celery hides the password of the broker under its own name for the setting alone.
    """
    names = [name for name in dir(settings) if name.startswith(PREFIX)]
    return {name.removeprefix(PREFIX).lower(): getattr(settings, name) for name in names}


SETTINGS = celery_settings()
