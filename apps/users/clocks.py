"""The clock by which a person's dates count: the zone chosen last, and those before it; pure but for the zone files.

The first zone that somebody chooses counts at once, every later one from a midnight of the zone before it. A date never
comes back: where a clock is turned back behind a date that has begun, the date stays until the clock has caught up with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import NamedTuple

from apps.users.timezones import local_time

# A zone that counted is kept so long: nobody's acts come later than a day, and a week's dates must be counted.
KEPT = timedelta(days=9)
# So many dates may begin in any 24 hours, and in any seven days.
DATES_A_DAY, A_DAY = 2, timedelta(days=1)
DATES_A_WEEK, A_WEEK = 8, timedelta(days=7)
# No date lasts longer: a day, from one end of the zones to the other, and a day that a country has twice.
LONGEST_DATE = timedelta(days=4)
MINUTE = timedelta(minutes=1)


class Former(NamedTuple):
    """A zone of before, and the moment until which it counts; that of the last one may lie ahead."""

    zone: str
    until: datetime


class Cut(NamedTuple):
    """What a change of the zone takes away: dates that never begin, and one that is shorter than it would have been."""

    skipped: list[date]
    shortened: date | None


class Clock(NamedTuple):
    """The zone that was chosen last, and those that count before it, in their order."""

    zone: str
    former: tuple[Former, ...] = ()

    def zone_at(self, moment: datetime) -> str:
        """Return the zone that counts at the moment."""
        return next((former.zone for former in self.former if moment < former.until), self.zone)

    def counts_from(self, now: datetime) -> datetime | None:
        """Return from when the zone chosen last counts, if it does not yet."""
        return self.former[-1].until if self.former and now < self.former[-1].until else None

    def local(self, moment: datetime) -> datetime:
        """Return the moment by the clock that counts: its date is the person's date, however late it is asked for."""
        shown = local_time(moment, self.zone_at(moment))
        begun = max(
            (_last(former).date() for former in self.former if former.until <= moment),
            default=date.min,
        )
        return shown if shown.date() >= begun else _held(moment, begun)

    def offset_minutes(self, moment: datetime) -> int:
        """Return how far that clock is ahead of UTC at the moment, in whole minutes."""
        return (self.local(moment).utcoffset() or timedelta()) // MINUTE

    def next_date(self, moment: datetime) -> datetime:
        """Return when the date after that of the moment begins, to the second."""
        shown, base = self.local(moment), moment.replace(microsecond=0)
        today = shown.date()
        # nearly always what is left of 24 hours is right
        before = 86_399 - (shown.hour * 3600 + shown.minute * 60 + shown.second)
        after = before + 1
        if self._is_over(today, base, before) or not self._is_over(today, base, after):
            before, after = 0, LONGEST_DATE // timedelta(seconds=1)
        while after - before > 1:
            middle = (before + after) // 2
            if self._is_over(today, base, middle):
                after = middle
            else:
                before = middle
        return base + timedelta(seconds=after)

    def _is_over(self, today: date, base: datetime, seconds: int) -> bool:
        return self.local(base + timedelta(seconds=seconds)).date() > today

    def beginnings(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Return when dates begin in this time."""
        while (after := self.next_date(after)) <= until:
            yield after

    def choose_first(self, zone: str, now: datetime) -> "Clock":
        """Return the clock after the first choice: it replaces a guess, so it counts at once."""
        return Clock(zone, (*_lately(self.former, now), Former(self.zone, now)))

    def choose(self, zone: str, now: datetime) -> "Clock":
        """Return the clock after a later choice, in the place of one that does not count yet.

        It counts from the next midnight of the zone before it; from a later one, if more dates than may would begin in a
        day or in a week. Choosing what counts now takes back what would come.
        """
        counting = self.zone_at(now)
        former = tuple(one for one in self.former if one.until <= now)
        if zone == counting:
            return Clock(zone, _lately(former, now))
        at = now
        while True:
            at = Clock(counting).next_date(at)
            chosen = Clock(zone, (*former, Former(counting, at)))
            if chosen.has_room(at):
                return Clock(zone, _lately(chosen.former, now))

    def has_room(self, at: datetime) -> bool:
        """Say whether no more dates than may begin in any day and any week that the change at this moment is in."""
        begin = list(self.beginnings(at - A_WEEK - A_DAY, at + A_WEEK + A_DAY))
        return all(
            later - earlier >= span
            for dates, span in ((DATES_A_DAY, A_DAY), (DATES_A_WEEK, A_WEEK))
            for earlier, later in zip(begin, begin[dates:], strict=False)
            if later >= at
        )

    def cut_by_change(self, at: datetime) -> "Cut":
        """Return what the change at this moment takes away.

        A country may leave out a date as well; one that does so in the week after the change is told with it.
        """
        just_before = at - timedelta(microseconds=1)
        before, after = self.local(just_before), self.local(at)
        gained = (after.utcoffset() or timedelta()) > (before.utcoffset() or timedelta())
        shortened = gained and after.date() > before.date() and after.time() != time.min
        dates = [before.date(), *(self.local(begin).date() for begin in self.beginnings(just_before, at + A_WEEK))]
        skipped = [earlier + n * A_DAY for earlier, later in pairwise(dates) for n in range(1, (later - earlier).days)]
        return Cut(skipped, after.date() if shortened else None)


def clock_of(zone: str, former: Iterable[Sequence[str]]) -> Clock:
    """Return the clock of a person's row: the zone and the document of those before it."""
    return Clock(zone, tuple(Former(name, datetime.fromisoformat(until)) for name, until in former))


def document_of(clock: Clock) -> list[list[str]]:
    """Return the zones before the last one as a person's row keeps them."""
    return [[former.zone, former.until.astimezone(UTC).isoformat()] for former in clock.former]


def _last(former: Former) -> datetime:
    """Return what a zone's clock showed at last."""
    return local_time(former.until - timedelta(microseconds=1), former.zone)


def _held(moment: datetime, begun: date) -> datetime:
    """Return the moment by a clock that stands at the beginning of a date, within a minute."""
    midnight = datetime(begun.year, begun.month, begun.day, tzinfo=UTC)
    return moment.astimezone(timezone(-((moment - midnight) // MINUTE) * MINUTE))


def _lately(former: tuple[Former, ...], now: datetime) -> tuple[Former, ...]:
    """Leave out the zones that do not matter any more."""
    return tuple(one for one in former if one.until > now - KEPT)
