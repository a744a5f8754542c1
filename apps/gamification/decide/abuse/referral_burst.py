"""Many friends who qualify behind one person at once: whoever makes accounts makes them in rows."""

from typing import Annotated

import msgspec

from apps.gamification.decide.abuse import bursts
from apps.gamification.decide.abuse.hits import Action, Hit, Memory
from apps.gamification.decide.facts import Fact

TYPES = frozenset({"user.referral_qualified"})


class ReferralBurst(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More than so many referrals of one referrer within so many minutes."""

    action: Action = "off"
    more_than: Annotated[int, msgspec.Meta(ge=1, le=50)] = 5
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 60


def watch(config: ReferralBurst, memory: Memory, fact: Fact) -> Hit | None:
    """Remember when the last friends qualified; the event is keyed to the referrer."""
    return bursts.count(memory, "referrals", fact.at, more_than=config.more_than, seconds=config.minutes * 60)
