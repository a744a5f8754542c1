"""The Celery application of this deployment."""

import os
import sys
from typing import Any

from celery import Celery, signals

from diana import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery would run the system checks at the start of each worker and throw away what they found; run_checks() does not.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

broker.install()
app = Celery("diana")
# By name: Django's settings cannot be read yet.
app.config_from_object("config.celery_settings:SETTINGS")
# Celery would close the database's connections before and after each task; diana.events.tasks looks after them.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
app.autodiscover_tasks()


@signals.import_modules.connect(sender=app, weak=False)
def run_checks(**_: Any) -> None:
    """Run the checks in workers, beat and Flower once Django is set up, before any of them serves or forks."""
    from diana import start_checks

    start_checks.refuse_on_errors()
