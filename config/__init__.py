"""How this deployment is wired: settings, addresses, the Celery application. No domain knowledge."""

from diana import starting

starting.begin()  # before all other imports

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
