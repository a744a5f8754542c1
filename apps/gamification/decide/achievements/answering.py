"""The strategy about how often somebody is right."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import Listening, Seen, Tier
from apps.gamification.decide.rules import Condition

MOST_ANSWERS = 100


class Ratio(Listening, frozen=True):
    """At least `percent` of the last n events satisfy `good`; a tier's target is n."""

    name: ClassVar[str] = "ratio"
    percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 80
    good: tuple[Condition, ...] = ()

    def fields(self) -> frozenset[str]:
        """Return the fields that say whether it was good."""
        return frozenset(name for condition in self.good for name in condition.names)

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Keep the last answers."""
        if not self.matches(seen.fact):
            return False
        good = all(condition.holds(seen.fact.fields) for condition in self.good)
        mark.answers = (mark.answers + ("1" if good else "0"))[-most:]
        mark.value = len(mark.answers)
        return True

    def reached(self, mark: Mark, tiers: Sequence[Tier]) -> list[Tier]:
        """Return the tiers up to the highest whose last n are there and good enough.

        Many may be good enough while the last few are not: nobody gets silver without bronze.
        """
        for number in range(len(tiers), 0, -1):
            target = tiers[number - 1].target
            if mark.value >= target and self._good_of(mark, target) >= self._goal(target):
                return list(tiers[:number])
        return []

    def progress(self, mark: Mark, target: int) -> tuple[int, int]:
        """Return the good ones of the last n and how many it takes; one less while there are not yet n."""
        good, goal = self._good_of(mark, target), self._goal(target)
        return min(good, goal if mark.value >= target else goal - 1), goal

    def _good_of(self, mark: Mark, target: int) -> int:
        return mark.answers[-target:].count("1")

    def _goal(self, target: int) -> int:
        return -(-target * self.percent // 100)

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for what is good, and keep what has to be remembered small."""
        found = super().problems(tiers)
        if not self.good:
            found.append("Say in `good` what counts.")
        if any(tier.target > MOST_ANSWERS for tier in tiers):
            found.append(f"The last {MOST_ANSWERS} are kept: no tier can ask for more.")
        return found
