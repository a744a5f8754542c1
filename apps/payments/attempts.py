"""When Telegram is asked again about what it has refused; pure."""

from datetime import datetime, timedelta

FIRST = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
THEN = timedelta(days=1)
# A subscription is charged every month: it is asked about for longer than one.
ENDS, REFUNDS = 40, 10


def next_attempt(made: int, most: int, now: datetime) -> datetime | None:
    """Return when the next attempt is due after so many; None where no more are made by themselves."""
    if made >= most:
        return None
    return now + (FIRST[made - 1] if made <= len(FIRST) else THEN)
