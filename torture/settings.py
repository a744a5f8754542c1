"""Settings of the processes under torture: the ordinary ones with short limits, so that minutes hold what else takes hours."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS
from torture.settings_seconds import IDLE_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS, VISIBILITY_SECONDS

CELERY_BROKER_TRANSPORT_OPTIONS = CELERY_BROKER_TRANSPORT_OPTIONS | {"visibility_timeout": VISIBILITY_SECONDS}
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2.0

DATABASE_LIMITS = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}

EVENTS_BACKOFF_SECONDS = 0.25
EVENTS_BACKOFF_MAX_SECONDS = 3.0
# In operation the attempts at an event take hours; here they are over in seconds, while faults last.
EVENTS_MAX_ATTEMPTS = 60
# Every command is answered and counted, also where a crowd asks in one group.
TELEGRAM_RATE_PER_GROUP_MINUTE = 100_000
