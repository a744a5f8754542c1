"""Settings of the textbook's project: the benchmark's database and broker, tuned as the documentation advises."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

INSTALLED_APPS = ["bench.textbook"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.textbook.settings"
urlpatterns: list[object] = []
DATABASES = {"default": DATABASES["owner"] | {"CONN_HEALTH_CHECKS": False}}
CELERY_TASK_DEFAULT_QUEUE = "textbook"
# Short tasks: many at a time from the broker, no results, no rate limits, no task events.
CELERY_WORKER_PREFETCH_MULTIPLIER = 64
CELERY_WORKER_DISABLE_RATE_LIMITS = True
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_BEAT_SCHEDULE: dict[str, object] = {}
