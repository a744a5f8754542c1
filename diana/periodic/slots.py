"""Claiming a slot of time and working in it, in one transaction: two schedulers do it once, a failure frees the slot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT = timedelta(days=400)


class InvalidSlot(ValueError):
    """A job needs a name of 1 to 100 characters, a period longer than nothing, and a `now` that knows its time zone."""


def run_once(job: str, period: timedelta, act: Callable[[], T], *, now: datetime) -> T | None:
    """Run `act` unless the job was done in this period; return its result, or None if the slot was taken.

    Claim and act are one transaction: an error leaves the slot free. Whoever asks meanwhile waits for the outcome, as
    long as the connection's lock_timeout allows. Slots of the job older than 400 days are forgotten.
    """
    slot_at = slot_of(now, period)
    if not 0 < len(job) <= 100:
        raise InvalidSlot(InvalidSlot.__doc__)
    with transaction.atomic():
        if not _claim(job, slot_at):
            return None
        result = act()
        _forget_before(job, now - KEPT)
    return result


def slot_of(now: datetime, period: timedelta) -> datetime:
    """Return the beginning of the period that `now` lies in; periods are counted from 1970 in UTC."""
    if now.tzinfo is None or period <= timedelta():
        raise InvalidSlot(InvalidSlot.__doc__)
    return EPOCH + (now - EPOCH) // period * period


def _claim(job: str, slot_at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO periodic_slot (job, slot_at) VALUES (%s, %s) ON CONFLICT (job, slot_at) DO NOTHING",
            [job, slot_at],
        )
        return bool(cursor.rowcount)


def _forget_before(job: str, moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM periodic_slot WHERE job = %s AND slot_at < %s", [job, moment])


def is_done(job: str, period: timedelta, *, now: datetime) -> bool:
    """Say whether the job was done in this period: for those with something to fetch before they can claim it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM periodic_slot WHERE job = %s AND slot_at = %s", [job, slot_of(now, period)])
        return cursor.fetchone() is not None
