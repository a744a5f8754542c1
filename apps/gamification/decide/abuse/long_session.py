"""Somebody who never rests is no somebody."""

from typing import Annotated

import msgspec

from apps.gamification.decide.abuse.bursts import SECOND
from apps.gamification.decide.abuse.hits import ACTS, Action, Hit, Memory
from apps.gamification.decide.facts import Fact

TYPES = ACTS


class LongSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Acts for more than so many hours without a pause of so many minutes."""

    action: Action = "off"
    hours: Annotated[int, msgspec.Meta(ge=1, le=168)] = 12
    pause_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 30


def watch(config: LongSession, memory: Memory, fact: Fact) -> Hit | None:
    """Remember when the session began and the latest act in it; the score is its length in minutes."""
    pause = config.pause_minutes * 60 * SECOND
    begun, latest = memory.get("session", (fact.at, fact.at))
    if fact.at - latest >= pause or begun - fact.at >= pause:
        begun = latest = fact.at
    begun, latest = min(begun, fact.at), max(latest, fact.at)
    memory["session"] = [begun, latest]
    length = fact.at - begun
    return Hit(length // (60 * SECOND), begun) if length > config.hours * 3600 * SECOND else None
