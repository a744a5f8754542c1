"""Periodic work on points. Beat may send a task twice, or two beats may run: twice is once."""

from datetime import datetime, timedelta

from celery import shared_task
from django.db import transaction

from apps.gamification import board_tasks, events, loading, services
from apps.gamification.decide.facts import date_of, day_number
from apps.gamification.proof import tasks as proof_tasks
from apps.users import selectors as users
from diana import clock
from diana.events import Publication, publish_many
from diana.periodic import run_once

__all__ = ["board_tasks", "end_days", "expire_requests", "proof_tasks"]

# A streak outlives its last act by at most two freezes of one month and two of the next.
LONGEST_WAIT_DAYS = 5
# Who publishes holds back delivery until the commit: short transactions.
PEOPLE_AT_ONCE = 1000


@shared_task(name="gamification.end_days", ignore_result=True, time_limit=3000)
def end_days() -> int | None:
    """Publish game.day_ended where a local date passed without an act; None if this hour's work was begun already."""
    now = clock.now()
    if not run_once("gamification.end_days", timedelta(hours=1), lambda: True, now=now):
        return None
    return end_days_of_everyone(now)


def end_days_of_everyone(now: datetime) -> int:
    """Publish game.day_ended for each local date that ended without an act while a streak ran; return how many.

    What is published follows from people and accounts, not from when this ran last: dates that an earlier run left out
    come now. A thousand people to a transaction; keyed by person and date, so that twice is once.
    """
    published, after = 0, 0
    while people := users.quiet_days(now, most=PEOPLE_AT_ONCE, days=LONGEST_WAIT_DAYS, after=after):
        after = people[-1].person_id
        quiet = [person for person in people if (person.today - person.last_active).days > 1]
        if quiet:
            published += _end(quiet, now)
    return published


def _end(quiet: list[users.QuietDays], now: datetime) -> int:
    """Publish for these people the dates that their accounts do not know to be over."""
    running = loading.running_streaks([person.person_id for person in quiet])
    ended = [
        Publication(
            event=events.DayEnded(user_id=person.person_id, local_date=date_of(day).isoformat()),
            occurred_at=now,
            utc_offset_minutes=person.utc_offset_minutes,
            idempotency_key=f"day_ended:{person.person_id}:{date_of(day)}",
        )
        for person in quiet
        if person.person_id in running
        for day in range(max(running[person.person_id], day_number(person.last_active)) + 1, day_number(person.today))
    ]
    if ended:
        with transaction.atomic():
            publish_many(ended)
    return len(ended)


@shared_task(name="gamification.expire_requests", ignore_result=True, time_limit=300)
def expire_requests() -> int | None:
    """End requests that nobody decided about; return how many, None if this slot's work was done already."""
    now = clock.now()
    return run_once(
        "gamification.expire_requests", timedelta(minutes=10), lambda: services.expire_requests(now=now), now=now
    )


@shared_task(name="gamification.reverse_referrals", ignore_result=True, time_limit=300)
def reverse_referrals() -> int | None:
    """Take back what lost invitations have paid; return how many entries, None if this slot's work was done already."""
    now = clock.now()
    return run_once(
        "gamification.reverse_referrals", timedelta(minutes=5), lambda: services.reverse_referrals(now=now), now=now
    )
