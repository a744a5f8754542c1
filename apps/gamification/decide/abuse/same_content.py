"""The same message over and over: texts are known by a digest, keyed for each person."""

from typing import Annotated

import msgspec

from apps.gamification.decide.abuse import bursts
from apps.gamification.decide.abuse.hits import Action, Hit, Memory
from apps.gamification.decide.facts import Fact

TYPES = frozenset({"game.message_sent"})
PREFIX = "same:"
# So many different texts are remembered, each by so much of its digest: enough to tell two dozen apart.
REMEMBERED = 24
DIGEST_LENGTH = 10


class SameContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text more than so many times within so many minutes; beyond 24 texts the one sent longest ago is forgotten."""

    action: Action = "off"
    more_than: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 60


def watch(config: SameContent, memory: Memory, fact: Fact) -> Hit | None:
    """Remember when each of the last texts was sent."""
    name = PREFIX + str(fact.fields.get("content_digest", ""))[:DIGEST_LENGTH]
    seconds = config.minutes * 60
    hit = bursts.count(memory, name, fact.at, more_than=config.more_than, seconds=seconds)
    # The text just sent moves to the end, so that the first are those that were sent longest ago.
    memory[name] = memory.pop(name)
    texts = [key for key in memory if key.startswith(PREFIX)]
    for number, key in enumerate(texts):
        if len(texts) - number > REMEMBERED or abs(memory[key][-1] - fact.at) >= seconds * bursts.SECOND:
            del memory[key]
    return hit
