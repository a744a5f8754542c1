"""The acts of staff that change more than points: achievements given and taken back, streaks repaired."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.gamification.models import Entry, Unlock
from apps.gamification.services.acting import Parameters, StaffAct, register_act
from apps.gamification.services.days import repair_of, repair_streak
from apps.gamification.services.errors import UnknownAchievement
from apps.gamification.services.limits import reward_of
from apps.gamification.services.unlocking import REWARD, grant_achievement, revoke_achievement
from apps.users import selectors as users
from diana import clock
from diana.acts import Change
from diana.audit.models import AuditRecord

NONE = "–"


def _unlock(parameters: Parameters) -> Unlock:
    unlock = Unlock.objects.filter(pk=parameters["unlock_id"]).first()
    if unlock is None:
        raise UnknownAchievement(_("There is no unlock %(id)s.") % {"id": parameters["unlock_id"]})
    return unlock


def _at_stake(unlock: Unlock) -> int:
    entry = Entry.objects.filter(idempotency_key=f"{unlock.event_id.hex}:{REWARD}").first()
    return abs(entry.amount) if entry else 0


def _tier(unlock: Unlock, record: int) -> Change:
    """Say of the one tier whether it was and is held, as the audit record has it: others do not matter."""
    written = AuditRecord.objects.get(pk=record)
    before, after = (
        unlock.tier if unlock.tier in (said or {})["tiers"] else NONE for said in (written.before, written.after)
    )
    return Change(unlock.achievement.title, before, after)


def _given(parameters: Parameters, unlock: Unlock) -> Sequence[Change]:
    """Name the reward too: it comes a moment later, as everybody's does."""
    reward = reward_of(unlock.achievement_id, unlock.tier, unlock.unlocked_at)
    return _tier(unlock, unlock.audit or 0), Change(_("reward, in a moment"), 0, reward)


def _mended(parameters: Parameters, dates: list[date]) -> Sequence[Change]:
    written = repair_of(parameters["person_id"])
    assert written is not None
    assert written.before is not None
    assert written.after is not None
    days = Change(_("days of the streak"), written.before["streak_days"], written.after["streak_days"])
    return days, Change(_("dates bridged"), NONE, ", ".join(str(day) for day in dates))


register_act(
    StaffAct(
        name="grant_achievement",
        title=gettext_lazy("Give an achievement"),
        permission="gamification.grant_achievement",
        account=lambda p: users.profile(p["person_id"]).person_id,
        points=lambda p: reward_of(p["achievement"], p["tier"], clock.now()),
        gives=lambda p: True,
        perform=lambda p, **how: grant_achievement(
            person_id=p["person_id"], achievement=p["achievement"], tier=p["tier"], **how
        ),
        done=lambda p, key: Unlock.objects.filter(grant_key=f"grant:{key}").exists(),
        besides=_given,
    )
)
register_act(
    StaffAct(
        name="revoke_achievement",
        title=gettext_lazy("Revoke"),
        permission="gamification.revoke_achievement",
        account=lambda p: _unlock(p).account_id,
        points=lambda p: _at_stake(_unlock(p)),
        gives=lambda p: False,
        perform=lambda p, **how: revoke_achievement(unlock_id=p["unlock_id"], **how),
        done=lambda p, key: Unlock.objects.filter(revocation_key=f"revoke:{key}").exists(),
        besides=lambda p, unlock: [_tier(unlock, unlock.revocation_audit or 0)],
    )
)
register_act(
    StaffAct(
        name="repair_streak",
        title=gettext_lazy("Repair the streak"),
        permission="gamification.award_points",
        account=lambda p: users.profile(p["person_id"]).person_id,
        # What the days themselves earned was paid when they came.
        points=lambda p: 0,
        gives=lambda p: True,
        perform=lambda p, **how: repair_streak(person_id=p["person_id"], **how),
        done=lambda p, key: repair_of(p["person_id"], key) is not None,
        besides=_mended,
    )
)
