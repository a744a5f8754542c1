"""More acts in half a minute than anybody does by hand."""

from typing import Annotated

import msgspec

from apps.gamification.decide.abuse import bursts
from apps.gamification.decide.abuse.hits import ACTS, Action, Hit, Memory
from apps.gamification.decide.facts import Fact

TYPES = ACTS


class RapidFire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More than so many acts within so many seconds."""

    action: Action = "off"
    more_than: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 30


def watch(config: RapidFire, memory: Memory, fact: Fact) -> Hit | None:
    """Remember when the last acts were."""
    return bursts.count(memory, "rapid_fire", fact.at, more_than=config.more_than, seconds=config.seconds)
