"""Right answers in less time than it takes to read the question."""

from typing import Annotated

import msgspec

from apps.gamification.decide.abuse.hits import Action, Hit, Memory
from apps.gamification.decide.facts import Fact

TYPES = frozenset({"game.trivia_completed"})


class FastAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many right answers in a row, each in less than so many milliseconds: one may be luck."""

    action: Action = "off"
    milliseconds: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 1000
    in_a_row: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3


def watch(config: FastAnswers, memory: Memory, fact: Fact) -> Hit | None:
    """Remember how many there were in a row, and when the first was."""
    took = fact.fields.get("milliseconds")
    if fact.fields.get("correct") is not True or not isinstance(took, int) or took >= config.milliseconds:
        memory.pop("fast", None)
        return None
    before, since = memory.get("fast", (0, fact.at))
    memory["fast"] = [before + 1, since]
    return Hit(before + 1, since) if before + 1 >= config.in_a_row else None
