"""How many points one member of staff gave and took within 24 hours, from the ledger and from achievements given."""

from collections import Counter
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _

from apps.gamification import loading
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.rules import UNLOCKED
from apps.gamification.models import Unlock
from apps.gamification.services.points import name_of
from diana.audit import Actor
from diana.second_person import APPROVED, SPAN, Usage

# What was asked for counts, not what was there to be taken: a penalty that found nothing can be taken back all the same.
# A reversal does the opposite of the entry that it takes back, whose amount is its base.
_MOVED = """
SELECT account_id, sum(greatest(abs(amount), abs(base))) FROM gamification_entry
WHERE actor = %s AND occurred_at > %s AND ((base > 0) <> (kind = 'reversal')) = %s
    AND idempotency_key NOT LIKE ALL (%s)
GROUP BY account_id
"""


def usages(actor: Actor, person_id: int, points: int, now: datetime, *, gives: bool) -> list[Usage]:
    """Return how far the actor's limits are used up: for this person, and in all. None if no points are at stake.

    Given and taken points are counted apart, so that nothing gives room back. What a second person approved does not count.
    """
    if not points:
        return []
    moved = _moved(actor, now, gives=gives)
    to_one, in_all = moved[person_id], moved.total()
    if gives:
        about = (
            _("Points that you gave this person in the last 24 hours"),
            _("Points that you gave in the last 24 hours in all"),
        )
    else:
        about = (
            _("Points that you took from this person in the last 24 hours"),
            _("Points that you took in the last 24 hours in all"),
        )
    return [
        Usage(about[0], to_one, points, settings.STAFF_POINTS_PER_PERSON),
        Usage(about[1], in_all, points, settings.STAFF_POINTS_IN_ALL),
    ]


def reward_of(achievement: str, tier: str, at: datetime) -> int:
    """Return what the rules of the moment pay for the tier, before bonuses."""
    fields = {"achievement": achievement, "tier": tier, "period": "", "quiet": False}
    rulebook, moment = loading.rulebook(), microseconds(at)
    return sum(rulebook.base_of(rule, fields, moment) for rule in rulebook.rules_for(UNLOCKED, moment))


def _moved(actor: Actor, now: datetime, *, gives: bool) -> Counter[int]:
    """Return by account what the actor gave, or took."""
    approved = [f"{kind}:{APPROVED}%" for kind in ("staff", "reversal")]
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [name_of(actor), now - SPAN, gives, approved])
        moved = Counter({account: int(points) for account, points in cursor.fetchall()})
    if gives:
        # The entry of a reward comes a moment later, and names no actor.
        given = Unlock.objects.filter(granted_by=name_of(actor), unlocked_at__gt=now - SPAN)
        given = given.exclude(grant_key__startswith=f"grant:{APPROVED}")
        for found in given.values("account", "achievement", "tier").annotate(times=Count("pk")):
            reward = reward_of(found["achievement"], found["tier"], now)
            moved[found["account"]] += found["times"] * reward
    return moved
