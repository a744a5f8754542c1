"""Strategies that count: the first of something, how many, how much, how many different ones, all of a list."""

from collections.abc import Sequence
from hashlib import sha256
from typing import ClassVar

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import MOST_KEPT, Listening, Name, Seen, Tier, text_of

LONGEST_VALUE = 24


class FirstEvent(Listening, frozen=True):
    """It happened once."""

    name: ClassVar[str] = "first_event"

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Note that it happened."""
        if mark.value or not self.matches(seen.fact):
            return False
        mark.value = 1
        return True

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for one tier."""
        one = [tier.target for tier in tiers] == [1]
        return super().problems(tiers) + ([] if one else ["A first event has one tier, with the target 1."])


class Counter(Listening, frozen=True):
    """It happened so many times; with `once_per`, the same values of these fields count once."""

    name: ClassVar[str] = "counter"
    told: ClassVar[bool] = True
    once_per: tuple[Name, ...] = ()

    def fields(self) -> frozenset[str]:
        """Return the fields that tell one from another."""
        return frozenset(self.once_per)

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Count it."""
        if not self.matches(seen.fact):
            return False
        if self.once_per:
            return remember(mark, text_of(seen.fact.fields, self.once_per), most)
        mark.value += 1
        return True

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Keep what has to be remembered small."""
        return super().problems(tiers) + (kept(tiers) if self.once_per else [])


class Sum(Listening, frozen=True):
    """A field adds up to so much; negative values count nothing."""

    name: ClassVar[str] = "sum"
    told: ClassVar[bool] = True
    field: Name = ""

    def fields(self) -> frozenset[str]:
        """Return the field."""
        return frozenset({self.field})

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Add it."""
        value = seen.fact.fields.get(self.field)
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0 or not self.matches(seen.fact):
            return False
        mark.value += value
        return True

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for the field."""
        return super().problems(tiers) + ([] if self.field else ["Name the `field` to add up."])


class Distinct(Listening, frozen=True):
    """So many different values of a field, or of several together."""

    name: ClassVar[str] = "distinct"
    told: ClassVar[bool] = True
    by: tuple[Name, ...] = ()

    def fields(self) -> frozenset[str]:
        """Return the fields."""
        return frozenset(self.by)

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Remember the value."""
        return self.matches(seen.fact) and remember(mark, text_of(seen.fact.fields, self.by), most)

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for the fields, and keep what has to be remembered small."""
        return super().problems(tiers) + kept(tiers) + ([] if self.by else ["Name the fields in `by`."])


class AllOf(Listening, frozen=True):
    """A field had every value of a list."""

    name: ClassVar[str] = "set"
    told: ClassVar[bool] = True
    field: Name = ""
    members: tuple[Name, ...] = ()

    def fields(self) -> frozenset[str]:
        """Return the field."""
        return frozenset({self.field})

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Remember a member that is new."""
        if not self.matches(seen.fact):
            return False
        value = text_of(seen.fact.fields, (self.field,))
        return value in self.members and remember(mark, value, most)

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for field and members, and for targets that can be reached."""
        found = super().problems(tiers)
        if not self.field or not self.members or len(set(self.members)) != len(self.members):
            found.append("Name the `field` and its `members`, each once.")
        if any(tier.target > len(self.members) for tier in tiers):
            found.append("A tier asks for more members than there are.")
        return found + kept(tiers)


def remember(mark: Mark, value: str, most: int) -> bool:
    """Add a value that is not known yet, as long as more are of use; long ones as a digest."""
    if not value or mark.value >= most:
        return False
    short = value if len(value) <= LONGEST_VALUE else sha256(value.encode()).hexdigest()[:LONGEST_VALUE]
    if short in mark.seen:
        return False
    mark.seen = [*mark.seen, short]
    mark.value = len(mark.seen)
    return True


def kept(tiers: Sequence[Tier]) -> list[str]:
    """Return what is wrong with targets each of whose steps has to be remembered."""
    if any(tier.target > MOST_KEPT for tier in tiers):
        return [f"Every value is remembered: at most {MOST_KEPT} can be asked for."]
    return []
