"""What grants and overrides come to at a moment: never a flag, always worked out anew; pure. docs/vip.md has the rules."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal, NamedTuple, get_args

import msgspec

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


class Given(NamedTuple):
    """A grant as it was told when it was given: so many days (`duration`), or a window if there is no duration.

    Of a window `starts_at` and `ends_at` are the truth. Days begin where what was promised at `starts_at` ends;
    `ends_at` is the end that this came to at that time, and says which overrides the days were told to wait for.
    """

    number: int
    starts_at: datetime
    ends_at: datetime
    duration: timedelta | None = None
    revoked_at: datetime | None = None


class Override(NamedTuple):
    """Staff's word against the grants, from a moment until another; of those that are valid the highest number wins."""

    number: int
    mode: Mode
    starts_at: datetime
    until: datetime
    cleared_at: datetime | None = None

    @property
    def span(self) -> Span:
        """When it was valid: until its time, or until it was cleared."""
        return self.starts_at, min(self.until, self.cleared_at or self.until)


class Promises(msgspec.Struct, frozen=True, dict=True):
    """All that was given to one person, in the order in which it was given, and all that staff forced."""

    given: tuple[Given, ...] = ()
    overrides: tuple[Override, ...] = ()

    @cached_property
    def spans(self) -> dict[int, Span | None]:
        """When each grant counts, by number: None if nothing of it was used before it was revoked."""
        return _work_out(self)

    @cached_property
    def grants(self) -> list[Span]:
        """When the grants count that were not revoked."""
        found = (self.spans[grant.number] for grant in self.given if grant.revoked_at is None)
        return [span for span in found if span]

    @cached_property
    def used(self) -> list[Span]:
        """When the grants counted that were revoked later."""
        found = (self.spans[grant.number] for grant in self.given if grant.revoked_at is not None)
        return [span for span in found if span]

    @cached_property
    def forced(self) -> list[Span]:
        """When VIP is forced on, what was cleared left out."""
        return [o.span for o in self.overrides if o.mode == "on" and o.cleared_at is None]

    @cached_property
    def fingerprint(self) -> str:
        """What the end of VIP follows from, as text: the end itself may move on with the clock."""
        grants = (str(grant.number) for grant in self.given if grant.revoked_at is None)
        overrides = (str(override.number) for override in self.overrides if override.cleared_at is None)
        return f"{','.join(grants)};{','.join(overrides)}"

    def lasting(self, now: datetime) -> list[int]:
        """Return the numbers of the grants of which something is left: not revoked, and their end is still to come."""
        spans = ((grant.number, self.spans[grant.number]) for grant in self.given if grant.revoked_at is None)
        return [number for number, span in spans if span and span[1] > now]

    def without(self, number: int, now: datetime) -> "Promises":
        """Return the promises with that grant revoked at the moment."""
        given = (g._replace(revoked_at=now) if g.number == number else g for g in self.given)
        return Promises(tuple(given), self.overrides)

    def with_days(self, days: int, now: datetime) -> "Promises":
        """Return the promises with so many days more, given at the moment."""
        number = max((grant.number for grant in self.given), default=0) + 1
        duration = timedelta(days=days)
        more = Given(number, now, (promised_end(self, now) or now) + duration, duration)
        return Promises((*self.given, more), self.overrides)

    def with_override(self, mode: Mode, until: datetime, now: datetime) -> "Promises":
        """Return the promises with one more override, the newest, from the moment on."""
        number = max((found.number for found in self.overrides), default=0) + 1
        return Promises(self.given, (*self.overrides, Override(number, mode, now, until)))

    def cleared(self, now: datetime) -> "Promises":
        """Return the promises with every override cleared that is not over at the moment."""
        overrides = (
            o._replace(cleared_at=now) if o.cleared_at is None and o.until > now else o for o in self.overrides
        )
        return Promises(self.given, tuple(overrides))


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
    for starts_at, ends_at in sorted(span for span in spans if span[1] > now):
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
    return max((found for found in overrides if _covers(*found.span, at)), key=lambda o: o.number, default=None)


def is_vip(promises: Promises, at: datetime) -> bool:
    """Say whether the person is VIP at the moment."""
    if override := valid_override(promises.overrides, at):
        return override.mode == "on"
    return any(_covers(start, end, at) for start, end in [*promises.grants, *promises.used])


def is_kept(promises: Promises, at: datetime) -> bool:
    """Say whether the person has at the moment what VIP gives: also in the grace after it, unless it is forced off."""
    if override := valid_override(promises.overrides, at):
        return override.mode == "on"
    kept = [(start, end + GRACE) for start, end in _spans(promises)]
    return any(_covers(start, end, at) for start, end in [*kept, *promises.used])


def _work_out(promises: Promises) -> dict[int, Span | None]:
    """Chain the grants in the order in which they were given; a revoked one ends where it was revoked."""
    spans: dict[int, Span | None] = {}
    before: list[Span] = []
    for grant in promises.given:
        start, end = grant.starts_at, grant.ends_at
        if grant.duration is not None:
            start = chain_end([*before, *_waited_for(grant, promises.overrides)], start) or start
            end = start + grant.duration
        if grant.revoked_at is not None:
            end = min(end, grant.revoked_at)
        spans[grant.number] = (start, end) if end > start else None
        if end > start:
            before.append((start, end))
    return spans


def _waited_for(grant: Given, overrides: Iterable[Override]) -> list[Span]:
    """Return when VIP was forced on at the moment of the grant, as long as its days were told to wait for that."""
    if grant.duration is None:
        return []
    told = grant.ends_at - grant.duration
    by = grant.starts_at + CLOCK_SLACK
    return [o.span for o in overrides if o.mode == "on" and o.starts_at <= by and o.until <= told]


def _spans(promises: Promises) -> list[Span]:
    """Return all that gives VIP, whatever is forced off meanwhile."""
    return [*promises.grants, *promises.forced]


def _covers(starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    return starts_at - CLOCK_SLACK <= at < ends_at


def _end_of(holds: Callable[[Promises, datetime], bool], promises: Promises, now: datetime) -> datetime | None:
    """Return when first, from now on, it holds no more; None if it does not hold now. All of it ends some day."""
    if not holds(promises, now):
        return None
    return next(edge for edge in sorted(_edges(promises)) if edge > now and not holds(promises, edge))


def _edges(promises: Promises) -> set[datetime]:
    """Return every moment at which something begins or ends."""
    spans = [*promises.grants, *promises.used, *(o.span for o in promises.overrides)]
    return {edge for start, end in spans for edge in (start - CLOCK_SLACK, end, end + GRACE)}
