"""Forgetting what is no money: questions before payments, and counts of wrong codes."""

from datetime import datetime, timedelta

from apps.payments.models import GiftGuesses, PreCheckout

KEPT = timedelta(days=30)


def forget_questions(*, now: datetime) -> int:
    """Delete answered questions and counts of wrong codes older than 30 days; return how many questions."""
    deleted, _ = PreCheckout.objects.filter(answered_at__lt=now - KEPT).delete()
    GiftGuesses.objects.filter(since__lt=now - KEPT).delete()
    return deleted
