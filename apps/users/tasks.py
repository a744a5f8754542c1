"""Periodic work on people. Beat may send a task twice, or two beats may run: a slot, or a person, is worked on once."""

from datetime import timedelta

from celery import shared_task

from apps.users import services
from diana import clock
from diana.periodic import run_once


@shared_task(name="users.end_suspensions", ignore_result=True, time_limit=300)
def end_suspensions() -> int | None:
    """End suspensions whose time is over; return how many, None if this minute's work was done already."""
    now = clock.now()
    return run_once("users.end_suspensions", timedelta(minutes=1), lambda: services.end_suspensions(now=now), now=now)


@shared_task(name="users.remind_onboarding", ignore_result=True, time_limit=300)
def remind_onboarding() -> int | None:
    """Publish who left their first steps a day ago; return how many, None if this slot's work was done already."""
    now = clock.now()
    return run_once(
        "users.remind_onboarding", timedelta(minutes=5), lambda: services.remind_onboarding(now=now), now=now
    )


@shared_task(name="users.pay_referrals", ignore_result=True, time_limit=300)
def pay_referrals() -> int | None:
    """Pay invitations that were earned a week ago; return how many, None if this slot's work was done already."""
    now = clock.now()
    return run_once("users.pay_referrals", timedelta(minutes=5), lambda: services.pay_referrals(now=now), now=now)


@shared_task(name="users.erase_due", ignore_result=True, time_limit=300)
def erase_due() -> int:
    """Erase those whose time to undo is over; return how many. Each commits alone and once, so no slot is taken."""
    return services.erase_due(now=clock.now())


@shared_task(name="users.expire_vip", ignore_result=True, time_limit=300)
def expire_vip() -> int | None:
    """Tell whose VIP comes to its end, is in grace or over; return how many people were looked at.

    None if this minute was worked on already. The claim of the minute saves work, no more: who is told what follows from
    each person's row, so that a task that breaks off is gone on with in the next minute.
    """
    now = clock.now()
    if run_once("users.expire_vip", timedelta(minutes=1), lambda: True, now=now) is None:
        return None
    return services.expire_all_vip(now=now).people
