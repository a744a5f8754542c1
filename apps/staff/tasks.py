"""Periodic work on what logins leave behind; done twice it does no harm."""

from celery import shared_task
from django.contrib.sessions.models import Session

from apps.staff import login_limits
from diana import clock


@shared_task(name="staff.forget_logins", ignore_result=True, time_limit=300)
def forget_logins() -> int:
    """Delete failures and logins that count no more, and sessions that are over; return how many rows."""
    over, _ = Session.objects.filter(expire_date__lt=clock.real_now()).delete()
    return login_limits.forget_old() + over
