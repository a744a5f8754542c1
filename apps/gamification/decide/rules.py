"""The rules as the core reads them: immutable versions, found by the moment at which something happened."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from apps.gamification.decide.abuse.config import Detectors
from apps.gamification.decide.facts import microseconds

if TYPE_CHECKING:
    from apps.gamification.decide.achievements.evaluation import Achievements

UNLOCKED = "game.achievement_unlocked"

Per = Literal["hour", "day", "30days", "ever", "cooldown"]
Positive = Annotated[int, msgspec.Meta(ge=1)]
BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Points = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """At most so many awards in a clock hour (UTC), a local day, 30 local days or ever; for each value of `key`, if given.

    A cooldown asks for `seconds` (at most 30 days) between two awards instead; its count is not used.
    """

    per: Per
    count: Positive = 1
    key: tuple[str, ...] = ()
    seconds: Annotated[int, msgspec.Meta(ge=0, le=2_592_000)] = 0

    def __post_init__(self) -> None:
        """Refuse a cooldown without a time, and a time without a cooldown."""
        if (self.per == "cooldown") != (self.seconds > 0):
            raise ValueError("a limit has `seconds` if, and only if, it is a cooldown")


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """What a field must be for the rule to apply at all; "a - b" is the difference of two fields.

    It stands in the name of the field, so that a release which knows no differences can read the rule: there it never holds.
    """

    field: str
    equals: str | int | bool | None = None
    minimum: int | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The field that it reads, or the two of which it takes the difference."""
        first, separator, second = self.field.partition(" - ")
        return (first, second) if separator else (first,)

    def holds(self, fields: dict[str, Any]) -> bool:
        """Say whether the fields satisfy it; a missing one does not, nor a difference of what are no numbers."""
        if self.field in fields:
            value = fields[self.field]
        elif all(type(fields.get(name)) is int for name in self.names):
            value = fields[self.names[0]] - fields[self.names[-1]]
        else:
            return False
        if self.minimum is not None:
            return isinstance(value, int) and value >= self.minimum
        return bool(value == self.equals) and isinstance(value, bool) == isinstance(self.equals, bool)


class Amounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A base that depends on a field: values that the table does not name earn nothing."""

    field: str
    table: dict[str, Points]


class Rule(msgspec.Struct, frozen=True, dict=True):
    """One version of one rule. `capped`: shares the daily cap; `multiplied`: bonuses apply."""

    key: str
    version: int
    active_from: datetime
    event_type: str
    base: Points
    limits: tuple[Limit, ...] = ()
    conditions: tuple[Condition, ...] = ()
    amounts: Amounts | None = None
    capped: bool = True
    multiplied: bool = True

    @cached_property
    def active_from_at(self) -> int:
        """The moment in microseconds since 1970."""
        return microseconds(self.active_from)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every field that the rule reads."""
        amount = {self.amounts.field} if self.amounts else set()
        return frozenset(
            {name for limit in self.limits for name in limit.key}
            | {name for c in self.conditions for name in c.names}
            | amount
        )

    def base_for(self, fields: dict[str, Any]) -> int:
        """Return the base points that these fields earn; 0 if the rule does not apply to them."""
        for condition in self.conditions:
            if not condition.holds(fields):
                return 0
        if self.amounts is None:
            return self.base
        return self.amounts.table.get(str(fields.get(self.amounts.field)), 0)


class Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many basis points for each full `every`, at most so many."""

    basis_points: BasisPoints
    every: Positive
    at_most: BasisPoints

    def of(self, value: int) -> int:
        """Return the basis points of a value."""
        return min(value // self.every * self.basis_points, self.at_most)


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A time set by staff in which everything earns more; `ends` is outside."""

    starts: datetime
    ends: datetime
    basis_points: BasisPoints

    @cached_property
    def span(self) -> tuple[int, int]:
        """Start and end in microseconds since 1970."""
        return microseconds(self.starts), microseconds(self.ends)


class Multipliers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What raises an award, in basis points that are added up; `factor_at_most` clamps the sum (30000 is x3)."""

    vip: BasisPoints = 5000
    streak: Steps = Steps(500, 5, 3000)
    level: Steps = Steps(100, 5, 1000)
    windows: tuple[Window, ...] = ()
    windows_at_most: BasisPoints = 10_000
    bonuses_at_most: BasisPoints = 2000
    factor_at_most: Annotated[int, msgspec.Meta(ge=10_000, le=100_000)] = 30_000
    daily_cap: Points = 800
    level_table: int = 1
    detectors: Detectors = Detectors()


class MultiplierVersion(msgspec.Struct, frozen=True, dict=True):
    """One version of the multipliers and when it begins."""

    version: int
    active_from: datetime
    config: Multipliers

    @cached_property
    def active_from_at(self) -> int:
        """The moment in microseconds since 1970."""
        return microseconds(self.active_from)


class Rewards:
    """Which achievements bring points when they are unlocked: all but those whose version of the moment says that it does not."""

    def __init__(self, versions: Mapping[str, Iterable[tuple[datetime, bool]]]) -> None:
        """Take by achievement when each version begins and whether it is rewarded, the newest version first."""
        self._versions = {
            key: [(microseconds(begins), rewarded) for begins, rewarded in of_one] for key, of_one in versions.items()
        }

    def are_given(self, achievement: object, at: int) -> bool:
        """Say whether unlocking it at that moment (microseconds since 1970) brings points."""
        for begins, rewarded in self._versions.get(str(achievement), ()):
            if begins <= at:
                return rewarded
        return True


class NoMultipliers(LookupError):
    """No version of the multipliers is active at that moment: add one with an earlier `active_from`."""


class Rulebook:
    """All active rules, multipliers and achievements; finds what applied at a moment. Newer versions come first inside."""

    def __init__(
        self,
        rules: list[Rule],
        multipliers: list[MultiplierVersion],
        achievements: "Achievements | None" = None,
        rewards: Rewards | None = None,
    ) -> None:
        self.achievements = achievements
        self.rewards = rewards or Rewards({})
        self._multipliers = sorted(multipliers, key=lambda m: -m.version)
        by_key: dict[str, list[Rule]] = {}
        for rule in sorted(rules, key=lambda r: (r.key, -r.version)):
            by_key.setdefault(rule.key, []).append(rule)
        self._by_type: dict[str, list[list[Rule]]] = {}
        for versions in by_key.values():
            for event_type in sorted({version.event_type for version in versions}):
                self._by_type.setdefault(event_type, []).append(versions)

    def rules_for(self, event_type: str, at: int) -> list[Rule]:
        """Return the rules for events of this type at this moment (microseconds since 1970), by key."""
        found = []
        for versions in self._by_type.get(event_type, ()):
            for version in versions:
                if version.active_from_at <= at:
                    if version.event_type == event_type:
                        found.append(version)
                    break
        return found

    def base_of(self, rule: Rule, fields: dict[str, Any], at: int) -> int:
        """Return the base points that these fields earn by the rule at this moment; 0 for an achievement without reward."""
        if rule.event_type == UNLOCKED and not self.rewards.are_given(fields.get("achievement"), at):
            return 0
        return rule.base_for(fields)

    def multipliers_at(self, at: int) -> Multipliers:
        """Return what applied at this moment; raises NoMultipliers before the first version."""
        for version in self._multipliers:
            if version.active_from_at <= at:
                return version.config
        raise NoMultipliers(NoMultipliers.__doc__)
