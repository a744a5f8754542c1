"""Strategies about where somebody stands: lifetime points, level, streak, a rank at the end of a period."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import Name, Seen, Strategy, Tier, Trigger
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.levels import level_of

# Staff's awards are no decision of the core: what they lead to is looked at when their event passes.
AWARDED_BY_STAFF = Trigger("admin.points_force_awarded")
STREAK = Trigger("game.streak_extended")
RANK = Trigger("game.rank_closed")
# A period that is told twice counts once, as far back as this.
KEPT_PERIODS = 12


class LifetimePoints(Strategy, frozen=True):
    """So many lifetime points."""

    name: ClassVar[str] = "lifetime_points"
    told: ClassVar[bool] = True
    measured: ClassVar[bool] = True

    def triggers(self) -> Sequence[Trigger]:
        """Return what moves lifetime points outside the core."""
        return (AWARDED_BY_STAFF,)

    def measure(self, lifetime: int, level_table: int) -> int:
        """Return the points."""
        return lifetime


class Level(Strategy, frozen=True):
    """A level."""

    name: ClassVar[str] = "level"
    measured: ClassVar[bool] = True

    def triggers(self) -> Sequence[Trigger]:
        """Return what moves lifetime points outside the core."""
        return (AWARDED_BY_STAFF,)

    def measure(self, lifetime: int, level_table: int) -> int:
        """Return the level of the points."""
        return level_of(lifetime, level_table)


class Streak(Strategy, frozen=True):
    """So many local dates in a row; the longest row counts."""

    name: ClassVar[str] = "streak"
    told: ClassVar[bool] = True

    def triggers(self) -> Sequence[Trigger]:
        """Return the growth of the streak."""
        return (STREAK,)

    def fields(self) -> frozenset[str]:
        """Return the field."""
        return frozenset({"days"})

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Keep the longest."""
        days = seen.fact.fields["days"]
        if days <= mark.value:
            return False
        mark.value = days
        return True


class Rank(Strategy, frozen=True):
    """A rank at the end of a board's period, if at least so many had one. Of several tiers the best is given."""

    name: ClassVar[str] = "rank"
    periodic: ClassVar[bool] = True
    board: Name
    at_least_ranked: Annotated[int, msgspec.Meta(ge=1)] = 20

    def triggers(self) -> Sequence[Trigger]:
        """Return the end of a period."""
        return (RANK,)

    def fields(self) -> frozenset[str]:
        """Return the fields."""
        return frozenset({"board", "period", "rank", "ranked"})

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Take the rank of a period that was not taken before; the value is the last one."""
        fields = seen.fact.fields
        period = fields["period"]
        if fields["board"] != self.board or fields["ranked"] < self.at_least_ranked or fields["rank"] > most:
            return False
        if period in mark.seen or (len(mark.seen) == KEPT_PERIODS and period < min(mark.seen)):
            return False
        mark.seen = sorted([*mark.seen, period])[-KEPT_PERIODS:]
        mark.value = fields["rank"]
        return True

    def reached(self, mark: Mark, tiers: Sequence[Tier]) -> list[Tier]:
        """Return the best tier: its target is the last rank that still counts."""
        return next(([tier] for tier in tiers if 0 < mark.value <= tier.target), [])

    def progress(self, mark: Mark, target: int) -> tuple[int, int]:
        """Show no way: a rank is had or not."""
        return 0, 1

    def period(self, fact: Fact) -> str:
        """Return the board's period."""
        return str(fact.fields["period"])
