"""What came of an act: the points, levels, achievements and days of its person, as far as it was decided."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from apps.gamification.handlers import AWARDED_TYPES
from diana.events import Envelope, correlations
from diana.events.correlations import Act

AWARDS = "gamification.award_points"
TYPES = (
    "game.points_awarded",
    "game.points_suppressed",
    "game.level_up",
    "game.achievement_unlocked",
    "game.streak_extended",
)


class Outcome(NamedTuple):
    """Events of TYPES in their order; `complete` when nothing more will follow from the act."""

    events: list[Envelope]
    complete: bool


def expected(acts: Sequence[Act]) -> set[UUID]:
    """Return the correlations of those acts that may have an outcome; one query."""
    return correlations.with_types(acts, AWARDED_TYPES) if acts else set()


def outcome_of(act: Act) -> Outcome:
    """Return what came of the act by now; two queries."""
    # In this order: what is handled before the events are read has its outcome among them.
    complete = correlations.is_handled(act, AWARDS, AWARDED_TYPES)
    return Outcome(correlations.read(act, TYPES), complete)
