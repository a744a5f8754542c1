"""A broker that evicts keys when it is full loses queues: said at release and by every worker at its start."""

import logging
from typing import Any

import redis
from celery.signals import worker_ready
from django.core import checks

from diana.events import wakeups

logger = logging.getLogger(__name__)

HINT = "Set `maxmemory-policy noeviction` on the broker; caches belong on a server of their own (CACHE_URL)."


def evicting_policy() -> str | None:
    """Return the broker's policy if it is another than noeviction; raises RedisError when it cannot be asked."""
    policy = str(wakeups.client().info("memory").get("maxmemory_policy", "noeviction"))
    return None if policy == "noeviction" else policy


def check_broker(**_: Any) -> list[checks.CheckMessage]:
    """The broker evicts nothing. Asked by `manage.py release` and `check --deploy`; away it is a warning."""
    try:
        policy = evicting_policy()
    except redis.RedisError as error:
        message = f"The broker does not answer: {type(error).__name__}. Its policy is not checked."
        return [checks.Warning(message, hint="Look at REDIS_URL.", id="events.W007")]
    if policy is None:
        return []
    return [checks.Error(f"The broker's maxmemory-policy is {policy}.", hint=HINT, id="events.E007")]


@worker_ready.connect
def warn_of_policy(**_: Any) -> None:
    """Say it where operators look; the worker works, because nothing but time is lost."""
    try:
        policy = evicting_policy()
    except redis.RedisError:
        return
    if policy is not None:
        logger.critical("The broker's maxmemory-policy is %s: wake-ups will get lost. %s", policy, HINT)
