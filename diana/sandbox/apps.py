"""Registers the sandbox with Django, which only finds its command here."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """The sandbox has no models; the server knows nothing of Django."""

    name = "diana.sandbox"
    label = "sandbox"
