"""Streaks: a walk over the set of local dates on which somebody was active. The order of arrival does not matter.

A date without an act is bridged by one of two freezes of its calendar month, by itself; when there is none left, the
streak is over. Frozen dates keep a streak, they do not lengthen it. A date that a change of the time zone skips is bridged
without a freeze; so is one that it shortens, of three dates one at most: nobody keeps a streak by pressing zones instead of
coming. Neither is a date missed of which the clock between two acts took more than half: a country crossed the date line,
or zones changed while changes counted at once. Dates that come late are taken in as far back as KEPT days; what lies
behind is settled.
"""

from datetime import date
from typing import NamedTuple

import msgspec

FREEZES_A_MONTH = 2
# A date may come so much later than the newest and still count.
KEPT = 14
# Whoever broke a streak has the two dates after the one that broke it to repair it, once in so many days.
REPAIR_DAYS = 2
REPAIR_EVERY = 30
# A shortened date is bridged without a freeze if the last such date is at least so many dates before it.
SHORTENED_EVERY = 3
# A zone change by so much between two acts takes more than half of the date between them away.
SKIPPED_MINUTES = 720

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class Run(msgspec.Struct, omit_defaults=True):
    """Where the walk stands. All dates up to `at` are decided.

    `days` counts the dates with an act of the running streak (0: none runs), `since` is its first, `active` the last
    date with an act at all, `offset` the zone it was in; `covered` the last date that was active or bridged while a
    streak ran; `frozen` the freezes used by month (years times 12), `free` the last date bridged because it was shortened.
    `broken` is the date that ended the last streak.
    """

    at: int = 0
    days: int = 0
    since: int = 0
    covered: int = 0
    active: int = 0
    offset: int = 0
    frozen: dict[int, int] = {}
    free: int = 0
    broken: int = 0
    lost: int = 0
    lost_since: int = 0


class Streak(msgspec.Struct, omit_defaults=True):
    """What an account keeps of its days: the settled past, the dates after it (with the zone of each), repairs.

    `ended` is the last date known to be over, `ended_offset` the zone in which that was seen; `repaired` dates bridged
    afterwards, `repaired_on` when that was done last; `skipped` and `shortened` the dates of which changes of the time zone
    take all or a part; `longest` the longest streak ever.
    """

    settled: Run = msgspec.field(default_factory=Run)
    dates: dict[int, int] = {}
    repaired: list[int] = []
    ended: int = 0
    ended_offset: int | None = None
    repaired_on: int = 0
    skipped: list[int] = []
    shortened: list[int] = []
    longest: int = 0


class Walked(NamedTuple):
    """What a walk leads to: where it ends, the streaks on the way (first date, last date, days) and the frozen dates."""

    end: Run
    runs: list[tuple[int, int, int]]
    frozen: list[int]


class Change(NamedTuple):
    """What became different. `extended`: days and first date of each length newly reached; `broken`: 0 if none broke."""

    extended: list[tuple[int, int]]
    frozen: list[int]
    broken: int


NOTHING = Change([], [], 0)


def add_active(streak: Streak, day: int, offset: int) -> Change:
    """Take a date with an act in; `offset` is the zone in which it was one. A second time, and too late: no change."""
    if day <= streak.settled.at or day in streak.dates:
        return NOTHING
    before = walk(streak)
    streak.dates[day] = offset
    return _changed(streak, before)


def add_ended(streak: Streak, day: int, offset: int | None = None) -> Change:
    """Take note that a date is over; `offset` is the zone in which that was seen, if it is known."""
    if day <= max(streak.settled.at, streak.ended):
        return NOTHING
    before = walk(streak)
    streak.ended, streak.ended_offset = day, offset
    return _changed(streak, before)


def add_repair(streak: Streak, day: int, today: int) -> Change:
    """Bridge a date that was missed, whatever freezes are left; whether that is allowed was decided before."""
    if day <= streak.settled.at or day in streak.repaired:
        return NOTHING
    before = walk(streak)
    streak.repaired.append(day)
    streak.repaired_on = max(streak.repaired_on, today)
    change = _changed(streak, before)
    return Change(change.extended, [], change.broken)


def add_cut(streak: Streak, skipped: list[int], shortened: list[int], today: int) -> Change:
    """Take note of dates that a change of the time zone cuts, in the place of those after today: the change before is void."""
    before = walk(streak)
    streak.skipped = sorted({*(day for day in streak.skipped if day <= today), *skipped})
    streak.shortened = sorted({*(day for day in streak.shortened if day <= today), *shortened})
    return _changed(streak, before)


def walk(streak: Streak, upto: int | None = None) -> Walked:
    """Decide every date after the settled ones, up to the newest that is known or `upto`."""
    run = msgspec.structs.replace(streak.settled, frozen=dict(streak.settled.frozen))
    dates = sorted(streak.dates)
    last = max([streak.ended, *dates[-1:]]) if upto is None else upto
    runs: list[tuple[int, int, int]] = []
    frozen: list[int] = []
    for day in dates:
        if run.at < day <= last:
            frozen += _miss(run, day, streak.dates[day], streak, runs)
            _act(run, day, streak.dates[day])
    frozen += _miss(run, last + 1, streak.ended_offset if last == streak.ended else None, streak, runs)
    if run.days:
        runs.append((run.since, run.covered, run.days))
    return Walked(run, runs, frozen)


def repairable(streak: Streak, today: int) -> list[int]:
    """Return the dates that a repair done today would bridge; empty if nothing broke, or not in time, or not again yet."""
    end = walk(streak).end
    if not end.broken or not end.lost or not end.broken < today <= end.broken + REPAIR_DAYS:
        return []
    if streak.repaired_on and today - streak.repaired_on < REPAIR_EVERY:
        return []
    return [day for day in range(end.broken, today) if day not in streak.dates]


def freezes_left(streak: Streak, day: int) -> int:
    """Return how many freezes the month of that date still has."""
    return max(FREEZES_A_MONTH - walk(streak).end.frozen.get(month_of(day), 0), 0)


def month_of(day: int) -> int:
    """Return the calendar month of a day number: years times 12 and the month, from 0."""
    on = date.fromordinal(day + EPOCH_ORDINAL)
    return on.year * 12 + on.month - 1


def _act(run: Run, day: int, offset: int) -> None:
    if run.days:
        run.days += 1
    else:
        run.days, run.since = 1, day
    run.at = run.covered = run.active = day
    run.offset = offset


def _miss(run: Run, day: int, offset: int | None, streak: Streak, runs: list[tuple[int, int, int]]) -> list[int]:
    """Decide the dates before `day` on which nothing was done; return those that were frozen."""
    frozen: list[int] = []
    crossed = offset is not None and day - run.active == 2 and offset - run.offset >= SKIPPED_MINUTES
    for missed in range(run.at + 1, day) if run.days else ():
        month = month_of(missed)
        if missed in streak.shortened and missed - run.free >= SHORTENED_EVERY:
            run.free = missed
        elif not crossed and missed not in streak.skipped and missed not in streak.repaired:
            if run.frozen.get(month, 0) >= FREEZES_A_MONTH:
                runs.append((run.since, run.covered, run.days))
                run.broken, run.lost, run.lost_since, run.days = missed, run.days, run.since, 0
                break
            run.frozen[month] = run.frozen.get(month, 0) + 1
            frozen.append(missed)
        run.covered = missed
    run.at = max(run.at, day - 1)
    return frozen


def _changed(streak: Streak, before: Walked) -> Change:
    """Compare the walk with the one before, then settle what is old."""
    after = walk(streak)
    extended = [
        (days, since)
        for since, last, count in after.runs
        for days in range(_reached(before, since, last) + 1, count + 1)
        if days > 1
    ]
    streak.longest = max([streak.longest, *(days for _, _, days in after.runs)])
    frozen = [day for day in after.frozen if day not in before.frozen]
    broken = before.end.days if before.end.days and not _goes_on(before.end, after.end) else 0
    _settle(streak, after.end.at - KEPT)
    return Change(extended, frozen, broken)


def _reached(before: Walked, since: int, last: int) -> int:
    """Return the days that were reached before in the dates of a streak: told once, they are not told again."""
    return max((days for start, end, days in before.runs if start <= last and since <= end), default=0)


def _goes_on(before: Run, after: Run) -> bool:
    return after.days > 0 and after.since <= before.covered


def _settle(streak: Streak, upto: int) -> None:
    """Decide the dates up to that one for good."""
    if upto <= streak.settled.at or (not streak.settled.at and min(streak.dates, default=upto) > upto):
        return
    # a date between two others is judged by both of them: settling ends at one with an act, or where none follows
    acts = [day for day in streak.dates if day <= upto]
    following = min((day for day in streak.dates if day > upto), default=None)
    if following is not None and acts:
        upto = max(acts)
    elif following is not None:
        return
    end = walk(streak, upto).end
    oldest = month_of(upto)
    end.frozen = {month: count for month, count in end.frozen.items() if month >= oldest}
    streak.settled = end
    streak.dates = {day: offset for day, offset in streak.dates.items() if day > upto}
    streak.repaired = [day for day in streak.repaired if day > upto]
    streak.skipped = [day for day in streak.skipped if day > upto]
    streak.shortened = [day for day in streak.shortened if day > upto]
