"""What the tests of the proof have in common: a small history of every kind of entry, sealed in parts."""

from datetime import timedelta

from apps.gamification import services
from apps.gamification.models import Entry
from apps.gamification.proof import sealing
from apps.gamification.proof.checkpoints import Checkpoint
from tests.gamification.acts import NOON, STAFF, award, daily, event, message, people


def seal() -> list[Checkpoint]:
    """Seal everything."""
    return sealing.seal_all(now=NOON)


def history() -> None:
    """Let three people do things and staff correct them; three seals, nothing is left unsealed."""
    crowd = people(3)
    for part in range(3):
        at = NOON + timedelta(days=part)
        for somebody in crowd:
            today = daily(somebody, at.date().isoformat())
            award(today, message(somebody), today, event("game.login", somebody), message(somebody), at=at)
            given = grant(somebody, 100, f"a{part}.{somebody}")
            grant(somebody, -30, f"p{part}.{somebody}")
            services.reverse_entry(entry_id=given.pk, reason="Oh", actor=STAFF, key=f"r{part}.{somebody}", now=NOON)
        seal()


def grant(person_id: int, amount: int, key: str) -> Entry:
    """Award or take as staff do."""
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=NOON)
