"""What grants and overrides come to at a moment: never a flag, always worked out anew; pure."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

# A grant that begins this soon continues what ends: the clocks of two processes differ by less.
CLOCK_SLACK = timedelta(minutes=1)
# What VIP gives is kept for so long after its end.
GRACE = timedelta(hours=48)
# So many hours before the end it is said that it comes.
NOTICES = (72, 24)

State = Literal["none", "active", "expiring", "grace", "expired"]
Mode = Literal["on", "off"]
STATES: tuple[State, ...] = get_args(State)
MODES: tuple[Mode, ...] = get_args(Mode)

Span = tuple[datetime, datetime]


class Override(NamedTuple):
    """Staff's word against the grants, from a moment until another; of those that are valid the highest number wins."""

    number: int
    mode: Mode
    starts_at: datetime
    until: datetime


class Promises(NamedTuple):
    """All that counts for one person: grants as (start, end), and overrides; what was taken back is left out."""

    grants: tuple[Span, ...] = ()
    overrides: tuple[Override, ...] = ()


class Standing(NamedTuple):
    """How somebody stands at a moment.

    `until` is the end of effective VIP, None without it; `kept_until` the end of what it gives, grace and all. `hours` is
    72 or 24 once the end is as near as that. `mode` is what staff force until `mode_until`.
    """

    state: State
    until: datetime | None = None
    kept_until: datetime | None = None
    hours: int | None = None
    mode: Mode | None = None
    mode_until: datetime | None = None


News = Literal["overridden", "expiring", "grace_entered", "expired"]
NOTHING = Standing("none")


def chain_end(spans: Iterable[Span], now: datetime) -> datetime | None:
    """Return the end of the unbroken chain of spans (start, end) that covers `now`, or None if none does."""
    end = now
    for starts_at, ends_at in sorted(spans):
        if starts_at > end + CLOCK_SLACK:
            break
        end = max(end, ends_at)
    return end if end > now else None


def promised_end(promises: Promises, now: datetime) -> datetime | None:
    """Return the end of the VIP that new days are added to; what is forced off for a while is still promised."""
    return chain_end(_spans(promises), now)


def continues(promises: Promises, now: datetime) -> bool:
    """Say whether a grant that begins now continues another one: it counts still, or its grace is not over."""
    return any(_covers(start, end + GRACE, now) for start, end in promises.grants)


def effective_until(promises: Promises, now: datetime) -> datetime | None:
    """Return until when the person is VIP without a break, or None if they are not."""
    return _end_of(is_vip, promises, now)


def standing(promises: Promises, now: datetime) -> Standing:
    """Return how the person stands at the moment."""
    until, kept = effective_until(promises, now), _end_of(is_kept, promises, now)
    override = valid_override(promises.overrides, now)
    forced = (override.mode, override.until) if override else (None, None)
    if until is not None:
        hours = min((hours for hours in NOTICES if until - now <= timedelta(hours=hours)), default=None)
        return Standing("active" if hours is None else "expiring", until, kept, hours, *forced)
    if kept is not None:
        return Standing("grace", None, kept, None, *forced)
    begun = any(start - CLOCK_SLACK <= now for start, _ in _spans(promises))
    return Standing("expired" if begun else "none", None, None, None, *forced)


def next_change(promises: Promises, now: datetime) -> datetime | None:
    """Return the next moment at which the person may stand otherwise; never one too late, None if nothing will change."""
    until = effective_until(promises, now)
    notices = [until - timedelta(hours=hours) for hours in NOTICES] if until else []
    return min((moment for moment in [*_edges(promises), *notices] if moment > now), default=None)


def news(told: Standing, new: Standing) -> list[News]:
    """Return what time has changed since `told`, in the order in which it is to be told. What was overtaken is left out.

    An end that time alone has moved is told as well: an override has come and gone between two looks.
    """
    found: list[News] = []
    moved = new.until is not None and new.until != told.until
    if moved or (new.mode, new.mode_until) != (told.mode, told.mode_until):
        found.append("overridden")
    if new.hours is not None and (new.until != told.until or told.hours is None or new.hours < told.hours):
        found.append("expiring")
    if new.state == "grace" and (told.state, told.kept_until) != ("grace", new.kept_until):
        found.append("grace_entered")
    if new.state == "expired" and told.state not in ("none", "expired"):
        found.append("expired")
    return found


def valid_override(overrides: Iterable[Override], at: datetime) -> Override | None:
    """Return the newest override that is valid at the moment."""
    return max((found for found in overrides if _covers(found.starts_at, found.until, at)), default=None)


def is_vip(promises: Promises, at: datetime) -> bool:
    """Say whether the person is VIP at the moment."""
    if override := valid_override(promises.overrides, at):
        return override.mode == "on"
    return any(_covers(start, end, at) for start, end in promises.grants)


def is_kept(promises: Promises, at: datetime) -> bool:
    """Say whether the person has at the moment what VIP gives: also in the grace after it, unless it is forced off."""
    if override := valid_override(promises.overrides, at):
        return override.mode == "on"
    return any(_covers(start, end + GRACE, at) for start, end in _spans(promises))


def _spans(promises: Promises) -> list[Span]:
    """Return all that gives VIP, whatever is forced off meanwhile."""
    return [*promises.grants, *((o.starts_at, o.until) for o in promises.overrides if o.mode == "on")]


def _covers(starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    return starts_at - CLOCK_SLACK <= at < ends_at


def _end_of(holds: Callable[[Promises, datetime], bool], promises: Promises, now: datetime) -> datetime | None:
    """Return when first, from now on, it holds no more; None if it does not hold now. All of it ends some day."""
    if not holds(promises, now):
        return None
    return next(edge for edge in sorted(_edges(promises)) if edge > now and not holds(promises, edge))


def _edges(promises: Promises) -> set[datetime]:
    """Return every moment at which something begins or ends."""
    spans = [*promises.grants, *((o.starts_at, o.until) for o in promises.overrides)]
    return {edge for start, end in spans for edge in (start - CLOCK_SLACK, end, end + GRACE)}
