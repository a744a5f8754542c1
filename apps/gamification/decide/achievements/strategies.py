"""What all strategies have in common: a typed configuration that can move a mark on by one fact."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.rules import Condition

TierName = Literal["bronze", "silver", "gold", "single", "secret"]
# A tier stands for those below it too; what has one tier only is worth as much as the highest.
TIER_RANKS: dict[str, int] = {"bronze": 1, "silver": 2, "gold": 3, "single": 3, "secret": 3}
Target = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
# Lists in the document are no longer than this.
MOST_KEPT = 500


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tier and what it takes; the strategy says what the number means."""

    tier: TierName
    target: Target


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Events of a type whose fields satisfy all conditions."""

    type: Name
    conditions: tuple[Condition, ...] = ()

    def matches(self, fact: Fact) -> bool:
        """Say whether the fact is one of them."""
        if fact.type != self.type:
            return False
        for condition in self.conditions:  # noqa: SIM110  # all() makes a generator for each fact
            if not condition.holds(fact.fields):
                return False
        return True


class Seen(NamedTuple):
    """What a strategy may look at: the fact, the account after it, and what it had before."""

    fact: Fact
    standing: Standing
    lifetime_before: int
    level_table: int


class Strategy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way to deserve an achievement. Its fields are the configuration that staff write, as JSON."""

    # How the admin and the table of versions name it.
    name: ClassVar[str]
    # Tells people when a quarter of the way is passed; only where the way goes forward in small steps.
    told: ClassVar[bool] = False
    # Judged by lifetime points, at each change of them, without a mark of its own.
    measured: ClassVar[bool] = False
    # Each unlock belongs to a period that the fact names.
    periodic: ClassVar[bool] = False

    def triggers(self) -> Sequence[Trigger]:
        """Return what it listens to."""
        return ()

    def fields(self) -> frozenset[str]:
        """Return the fields that every one of its triggers must have, beside those of the conditions."""
        return frozenset()

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Move the mark on; return whether that changed it. `most` is the highest target: more need not be kept."""
        return False

    def reached(self, mark: Mark, tiers: Sequence[Tier]) -> list[Tier]:
        """Return the tiers that the mark has reached, of those given, which come in the order of their targets."""
        return [tier for tier in tiers if mark.value >= tier.target]

    def progress(self, mark: Mark, target: int) -> tuple[int, int]:
        """Return value and goal for a progress bar towards a tier."""
        return min(mark.value, target), target

    def measure(self, lifetime: int, level_table: int) -> int:
        """Return the value at that many lifetime points, of a strategy that is measured by them."""
        return 0

    def period(self, fact: Fact) -> str:
        """Return the period to which an unlock by this fact belongs, of a strategy that has some."""
        return ""

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Return in English what of the configuration could not work although its types are right."""
        return []

    def problems_if_new(self) -> list[str]:
        """Return in English what a new version may not have, although stored ones that have it are still read."""
        return []


class Listening(Strategy, frozen=True):
    """A strategy that names its events itself."""

    on: tuple[Trigger, ...]

    def triggers(self) -> Sequence[Trigger]:
        """Return the events."""
        return self.on

    def matches(self, fact: Fact) -> bool:
        """Say whether the fact is one of its events."""
        for trigger in self.on:  # noqa: SIM110  # any() makes a generator for each fact
            if trigger.matches(fact):
                return True
        return False

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for at least one event."""
        return [] if self.on else ["It listens to nothing: name an event type in `on`."]


def text_of(fields: dict[str, Any], names: Sequence[str]) -> str:
    """Return the values of some fields as one text that is told apart from others; "" if one is missing."""
    values = [fields.get(name) for name in names]
    return "" if None in values else "\x1f".join(str(value) for value in values)
