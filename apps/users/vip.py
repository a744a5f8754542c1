"""How long VIP lasts, given the grants: never a flag, always their union; pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# A grant that begins this soon continues what ends: the clocks of two processes differ by less.
CLOCK_SLACK = timedelta(minutes=1)


def chain_end(spans: Iterable[tuple[datetime, datetime]], now: datetime) -> datetime | None:
    """Return the end of the unbroken chain of spans (start, end) that covers `now`, or None if none does."""
    end = now
    for starts_at, ends_at in sorted(spans):
        if starts_at > end + CLOCK_SLACK:
            break
        end = max(end, ends_at)
    return end if end > now else None
