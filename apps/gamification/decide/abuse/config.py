"""What staff set for each detector. It stands among the bonuses, so that every change is a version with a date."""

from functools import cached_property

import msgspec

from apps.gamification.decide.abuse.fast_answers import FastAnswers
from apps.gamification.decide.abuse.long_session import LongSession
from apps.gamification.decide.abuse.rapid_fire import RapidFire
from apps.gamification.decide.abuse.referral_burst import ReferralBurst
from apps.gamification.decide.abuse.same_content import SameContent


class Detectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """All detectors. They are off until staff switch them on: what is suspicious depends on the community."""

    fast_answers: FastAnswers = FastAnswers()
    long_session: LongSession = LongSession()
    rapid_fire: RapidFire = RapidFire()
    referral_burst: ReferralBurst = ReferralBurst()
    same_content: SameContent = SameContent()

    @cached_property
    def watching(self) -> bool:
        """Whether any of them looks at all."""
        return any(getattr(self, name).action != "off" for name in self.__struct_fields__)


# What a community may begin with: all look, nobody loses a point before somebody has looked as well.
RECOMMENDED = Detectors(
    fast_answers=FastAnswers("flag"),
    long_session=LongSession("flag"),
    rapid_fire=RapidFire("flag"),
    referral_burst=ReferralBurst("flag"),
    same_content=SameContent("suppress"),
)
