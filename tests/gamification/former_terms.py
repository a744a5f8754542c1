"""Terms that old installations had: some tests need points that a new one does not pay."""

from apps.gamification.models import RuleVersion
from tests.gamification.acts import NOON

FORMERLY = {"vip_purchase": 1000, "subscription_renewal": 2000}
SAME = ("event_type", "limits", "conditions", "amounts", "capped", "multiplied")


def pay_for_purchases() -> None:
    """Let purchases and renewals earn what they earned in installations of before, in a version above all others."""
    for rule, base in FORMERLY.items():
        first = RuleVersion.objects.get(rule_id=rule, version=1)
        same = {name: getattr(first, name) for name in SAME}
        RuleVersion.objects.create(
            rule_id=rule, version=99, base=base, active_from=NOON.replace(year=1970), created_by="x", **same
        )
