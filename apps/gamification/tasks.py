"""Periodic work on points. Beat may send a task twice, or two beats may run: a slot is worked on once."""

from datetime import timedelta

from celery import shared_task

from apps.gamification import services
from diana import clock
from diana.periodic import run_once


@shared_task(name="gamification.expire_requests", ignore_result=True, time_limit=300)
def expire_requests() -> int | None:
    """End requests that nobody decided about; return how many, None if this slot's work was done already."""
    now = clock.now()
    return run_once(
        "gamification.expire_requests", timedelta(minutes=10), lambda: services.expire_requests(now=now), now=now
    )
