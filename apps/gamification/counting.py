"""What awarding tells the metrics about a batch, once it is committed: replays that are undone and retries do not count."""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction

from apps.gamification.decide.outcomes import Awarded, Outcome, Suppressed
from diana import metrics


def count(acts: int, outcomes: Iterable[Outcome], *, decide_seconds: float, store_seconds: float) -> None:
    """Count a batch of so many acts when the transaction commits."""
    awards, suppressed, points = Counter[str](), Counter[str](), 0
    for outcome in outcomes:
        if isinstance(outcome, Awarded):
            awards[outcome.entry.rule] += 1
            points += outcome.entry.amount
        elif isinstance(outcome, Suppressed):
            suppressed[outcome.reason] += 1
    seconds = (decide_seconds, store_seconds)
    transaction.on_commit(lambda: metrics.awarded(acts, awards, points, suppressed, seconds))
