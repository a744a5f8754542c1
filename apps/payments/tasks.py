"""Periodic work on payments. Beat may send a task twice, or two beats may run: a slot is worked on once."""

from datetime import timedelta

from celery import shared_task

from apps.payments import services
from diana import clock
from diana.periodic import run_once


@shared_task(name="payments.forget_questions", ignore_result=True, time_limit=300)
def forget_questions() -> int | None:
    """Delete old questions before payments; return how many, None if this day's work was done already."""
    now = clock.now()
    return run_once("payments.forget_questions", timedelta(days=1), lambda: services.forget_questions(now=now), now=now)


@shared_task(name="payments.try_again", ignore_result=True, time_limit=300)
def try_again() -> int:
    """Have Telegram asked again for what it has refused; return how much that was. Two at once share the work."""
    return services.try_again(now=clock.now())
