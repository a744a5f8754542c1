"""Taking back what invitations have paid, where the invited person was suspended or erased soon after."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from apps.gamification.models import Entry
from apps.gamification.services.points import reverse_entry
from apps.users import selectors as users
from diana.audit import Actor

CLOCK = Actor(None, "gamification.reverse_referrals", "command")
REASON = "Who was invited has been suspended or erased within 30 days."
RULES = ("friend_referral", "referral_welcome")
# What was awarded late, or released from a hold, is found for this long.
LOOK_BACK = timedelta(days=30)
# So many in one transaction; the next time comes soon.
MOST_AT_ONCE = 100


def reverse_referrals(*, now: datetime) -> int:
    """Reverse what lost invitations have paid, at most 100 entries; return how many.

    Locks the accounts in ascending order. Each entry is reversed once; what is awarded later than its loss is found by a
    later call.
    """
    events = [event for lost in users.lost_referrals(now - LOOK_BACK) for event in lost.events]
    # By the unique key of an award (decide/awarding.py): entries have no index by event.
    keys = [f"{event.hex}:{rule}" for event in events for rule in RULES]
    reversed_by = Entry.objects.filter(reverses=OuterRef("pk"))
    due = (
        Entry.objects.filter(idempotency_key__in=keys, kind=Entry.Kind.AWARD, amount__gt=0)
        .exclude(Exists(reversed_by))
        .order_by("account_id", "pk")
    )
    entries = list(due.values_list("pk", flat=True)[:MOST_AT_ONCE])
    for entry in entries:
        reverse_entry(entry_id=entry, reason=REASON, actor=CLOCK, key=f"lost_referral:{entry}", now=now)
    return len(entries)
