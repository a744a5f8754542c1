"""The periodic work of points: what Celery finds here stands in the packages it belongs to."""

from apps.gamification.proof.tasks import seal_ledger, verify_ledger, verify_new_entries

__all__ = ["seal_ledger", "verify_ledger", "verify_new_entries"]
