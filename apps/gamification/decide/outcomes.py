"""What a decision leads to; whoever stores it turns these into entries and events."""

from datetime import date
from typing import Literal

import msgspec

from apps.gamification.decide.entries import Draft

Reason = Literal["limit", "cap", "suspended", "abuse"]


class Awarded(msgspec.Struct, frozen=True):
    """Points were earned."""

    entry: Draft


class Suppressed(msgspec.Struct, frozen=True):
    """An act earned nothing; `entry` is there for the first of its rule and hour."""

    rule: str
    base: int
    reason: Reason
    entry: Draft | None


class LevelRaised(msgspec.Struct, frozen=True):
    """Lifetime points crossed into a higher level."""

    old: int
    new: int


class StreakExtended(msgspec.Struct, frozen=True):
    """Another local date in a row; `since` is the first of the run."""

    days: int
    since: date


class StreakFrozen(msgspec.Struct, frozen=True):
    """A freeze bridged a date without an act."""

    on: date


class StreakBroken(msgspec.Struct, frozen=True):
    """A streak of so many days is over."""

    days: int


class AchievementUnlocked(msgspec.Struct, frozen=True):
    """A tier was reached under this version; `period` tells the unlocks of a repeatable achievement apart."""

    achievement: str
    version: int
    tier: str
    period: str = ""


class AchievementProgressed(msgspec.Struct, frozen=True):
    """A quarter of the way to the next tier was passed."""

    achievement: str
    value: int
    target: int


class Flagged(msgspec.Struct, frozen=True):
    """A detector raised a flag: told once, however much follows."""

    detector: str
    score: int


class Noticed(msgspec.Struct, frozen=True):
    """A detector found an act suspicious; `flag` is the event that raised the flag, `since` the first act that counted."""

    detector: str
    score: int
    flag: int
    since: int


class Held(msgspec.Struct, frozen=True):
    """A rule would have paid, with these bonuses, but the act is under a flag: staff decide."""

    flag: int
    rule: str
    rule_version: int
    base: int
    multipliers: str


Outcome = (
    Awarded
    | Suppressed
    | LevelRaised
    | StreakExtended
    | StreakFrozen
    | StreakBroken
    | AchievementUnlocked
    | AchievementProgressed
    | Flagged
    | Noticed
    | Held
)
