"""How this deployment is wired: settings, addresses, the Celery application. No domain knowledge."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
