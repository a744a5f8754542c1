"""Strategies about time: many in a short while, at certain hours or dates, and years since the beginning."""

from bisect import insort
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import Listening, Seen, Strategy, Tier, Trigger
from apps.gamification.decide.facts import date_of

SECOND = 1_000_000
MOST_MOMENTS = 50
MINUTES_OF_A_DAY = 24 * 60
A_LEAP_YEAR = 2028
# Day 0, 1 January 1970, was a Thursday; weeks begin on Monday.
DAYS_BEFORE_THURSDAY = 3
Minute = Annotated[int, msgspec.Meta(ge=0, le=MINUTES_OF_A_DAY)]
Weekday = Annotated[int, msgspec.Meta(ge=0, le=6)]
MonthDay = Annotated[str, msgspec.Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Window(Listening, frozen=True):
    """So many within some seconds, the last at most that long after the first."""

    name: ClassVar[str] = "window"
    seconds: Annotated[int, msgspec.Meta(ge=1, le=31 * 86_400)] = 60

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Keep the latest moments; the value is the most that ever lay so close together."""
        if mark.value >= most or not self.matches(seen.fact):
            return False
        moments = mark.moments.copy()
        insort(moments, seen.fact.at)
        mark.value = max(mark.value, self._most_together(moments))
        mark.moments = moments[-most:] if mark.value < most else []
        return True

    def _most_together(self, moments: list[int]) -> int:
        first = most = 0
        for number, moment in enumerate(moments):
            while moment - moments[first] > self.seconds * SECOND:
                first += 1
            most = max(most, number - first + 1)
        return most

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Keep what has to be remembered small."""
        many = [f"At most {MOST_MOMENTS} can be asked for."] if any(t.target > MOST_MOMENTS for t in tiers) else []
        return super().problems(tiers) + many


class Calendar(Listening, frozen=True):
    """So many local days, or weeks, with an act at the right time of the person's clock and calendar.

    `from_minute` to `to_minute` (outside) of the local day, over midnight if it is later; `weekdays` from 0, Monday;
    `dates` as in 12-31. What is left out does not restrict. With `in_a_row` a gap begins anew, and the longest row counts.
    """

    name: ClassVar[str] = "calendar"
    told: ClassVar[bool] = True
    from_minute: Minute = 0
    to_minute: Minute = MINUTES_OF_A_DAY
    weekdays: tuple[Weekday, ...] = ()
    dates: tuple[MonthDay, ...] = ()
    count: Literal["days", "weeks"] = "days"
    in_a_row: bool = False

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Count the day or week if it is later than the last that counted: clocks that go back count nothing twice."""
        fact = seen.fact
        number = fact.day if self.count == "days" else (fact.day + DAYS_BEFORE_THURSDAY) // 7
        if number <= mark.last or not self._right_time(fact.day, fact.minute) or not self.matches(fact):
            return False
        if self.in_a_row:
            mark.row = mark.row + 1 if number == mark.last + 1 else 1
            mark.value = max(mark.value, mark.row)
        else:
            mark.value += 1
        mark.last = number
        return True

    def _right_time(self, day: int, minute: int) -> bool:
        if self.from_minute < self.to_minute:
            if not self.from_minute <= minute < self.to_minute:
                return False
        elif self.to_minute <= minute < self.from_minute:
            return False
        if self.weekdays and (day + DAYS_BEFORE_THURSDAY) % 7 not in self.weekdays:
            return False
        return not self.dates or date_of(day).strftime("%m-%d") in self.dates

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for a span of time."""
        found = super().problems(tiers)
        if self.from_minute == self.to_minute:
            found.append("The hours begin and end at the same minute: no act can lie between.")
        return found

    def problems_if_new(self) -> list[str]:
        """Refuse dates that no year has."""
        impossible = [text for text in self.dates if not _some_year_has(text)]
        return [f"No year has the date {text}." for text in impossible] + super().problems_if_new()


class Anniversary(Strategy, frozen=True):
    """So many years since the registration, noticed on an active day; 29 February comes on 1 March in other years."""

    name: ClassVar[str] = "anniversary"

    def triggers(self) -> Sequence[Trigger]:
        """Return the registration, and the first act of each day."""
        return REGISTERED, ACTIVE

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Keep the day of the registration, the first if there are several; count full years."""
        fact = seen.fact
        if fact.type == REGISTERED.type:
            if mark.last:
                return False
            mark.last = fact.day
            return True
        if not mark.last:
            return False
        years = _full_years(date_of(mark.last), date_of(fact.day))
        if years <= mark.value:
            return False
        mark.value = years
        return True


REGISTERED = Trigger("user.registered")
ACTIVE = Trigger("user.active_day")


def _some_year_has(month_day: str) -> bool:
    month, day = map(int, month_day.split("-"))
    return month_day == f"{month:02}-{day:02}" and day <= monthrange(A_LEAP_YEAR, month)[1]


def _full_years(first: date, day: date) -> int:
    return day.year - first.year - ((day.month, day.day) < (first.month, first.day))
