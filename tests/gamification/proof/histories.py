"""What the tests of the proof have in common: a small history of every kind of entry, sealed in parts."""

from datetime import timedelta

from django.db import transaction

from apps.gamification import services
from apps.gamification.models import Account, Entry
from apps.gamification.proof import sealing
from apps.gamification.proof.books import AUDIT
from apps.gamification.proof.checkpoints import Checkpoint
from tests.gamification.acts import NOON, STAFF, award, daily, message, people


def seal() -> list[Checkpoint]:
    """Seal everything; return the ledger's checkpoints."""
    sealing.seal_all(now=NOON, book=AUDIT)
    return sealing.seal_all(now=NOON)


def history(parts: int = 3, start: int = 0) -> None:
    """Let three people do things and staff correct them; a seal after each part, so that nothing is left unsealed.

    21 entries and an id that is never used in each part; from `start` > 0 on it goes on with those who are there.
    """
    crowd = list(Account.objects.order_by("pk").values_list("pk", flat=True)) if start else people(3)
    for part in range(start, start + parts):
        at = NOON + timedelta(days=part)
        with transaction.atomic():
            grant(crowd[0], 1, "undone")
            transaction.set_rollback(True)
        for somebody in crowd:
            today = daily(somebody, at.date().isoformat())
            award(today, message(somebody), today, message(somebody), at=at)
            given = grant(somebody, 100, f"a{part}.{somebody}")
            grant(somebody, -30, f"p{part}.{somebody}")
            services.reverse_entry(entry_id=given.pk, reason="Oh", actor=STAFF, key=f"r{part}.{somebody}", now=NOON)
        seal()


def grant(person_id: int, amount: int, key: str) -> Entry:
    """Award or take as staff do."""
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=NOON)
