"""Strategies that look at other achievements, or at nothing: composite, and by hand."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.achievements.strategies import TIER_RANKS, Name, Seen, Strategy, Tier, TierName, Trigger
from apps.gamification.decide.state import State

UNLOCKED = Trigger("game.achievement_unlocked")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another achievement, at this tier or a higher one."""

    achievement: Name
    tier: TierName = "bronze"

    def held(self, state: State) -> bool:
        """Say whether the person has it."""
        needed = TIER_RANKS[self.tier]
        return any(TIER_RANKS.get(tier, 0) >= needed for tier in state.unlocked.get(self.achievement, ()))


class Composite(Strategy, frozen=True):
    """So many of other achievements."""

    name: ClassVar[str] = "composite"
    parts: tuple[Part, ...]

    def triggers(self) -> Sequence[Trigger]:
        """Return the unlocks of others."""
        return (UNLOCKED,)

    def advance(self, mark: Mark, seen: Seen, most: int) -> bool:
        """Count what is held now."""
        held = sum([part.held(seen.standing.state) for part in self.parts])
        if held == mark.value:
            return False
        mark.value = held
        return True

    def problems(self, tiers: Sequence[Tier]) -> list[str]:
        """Ask for parts, and for targets that can be reached."""
        if not self.parts or len({part.achievement for part in self.parts}) != len(self.parts):
            return ["Name the `parts`, each achievement once."]
        if any(tier.target > len(self.parts) for tier in tiers):
            return ["A tier asks for more parts than there are."]
        return []


class Manual(Strategy, frozen=True):
    """Given by staff, with a reason."""

    name: ClassVar[str] = "manual"
