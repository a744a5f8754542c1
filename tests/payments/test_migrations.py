"""The tables of payments can go and come again, as an operator does who takes a release back."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.utils import ProgrammingError

from apps.payments import selectors
from apps.payments.models import Payment, Subscription
from tests.acting_roles import grant_all
from tests.gamification.acts import person
from tests.payments.paying import NOW, buy


@pytest.mark.usefixtures("committed_db")
def test_they_go_and_come_again() -> None:
    call_command("migrate", "payments", "zero", database="owner", verbosity=0)
    with pytest.raises(ProgrammingError, match="does not exist"):
        Payment.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'payments%'")
        assert cursor.fetchone() == (0,)
    call_command("migrate", "payments", database="owner", verbosity=0)
    grant_all()
    assert buy().credited_at is not None


def told(charge: str, buyer: int, day: int, *, payload: str = "a", **changes: object) -> None:
    """Insert a payment of a subscription as the release before did."""
    at = NOW + timedelta(days=day)
    values: dict[str, object] = {
        "charge": charge, "person_id": buyer, "payer": 7, "payload": payload * 32, "product": "", "stars": 200,
        "currency": "XTR", "recurring": True, "first": True, "subscription_until": at + timedelta(days=30),
        "source": "telegram", "paid_at": at, "received_at": at, "problem": "failed", "refund_problem": "",
    }  # fmt: skip
    values |= changes
    marks = ", ".join(["%s"] * len(values))
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"INSERT INTO payments_payment ({', '.join(values)}) VALUES ({marks})", list(values.values()))


@pytest.mark.usefixtures("committed_db")
def test_the_subscriptions_of_before_are_known() -> None:
    call_command("migrate", "payments", "0001_payments", database="owner", verbosity=0)
    plain, doubled, refunded, gone, odd = (person() for _ in range(5))
    told("p1", plain, 0)
    told("p2", plain, 30, first=False)
    told("d1", doubled, 0, payload="b")
    told("d2", doubled, 1, payload="b")
    told("d3", doubled, 31, payload="b", first=False)
    told("r1", refunded, 0, payload="c", refunded_at=NOW)
    told("g1", gone, 0, payload="d", payer=None)
    told("o1", odd, 0, payload="e", problem="amount")
    told("x", odd, 0, payload="f", recurring=False)
    call_command("migrate", "payments", database="owner", verbosity=0)
    grant_all()
    found = Subscription.objects.values_list("charge", "end_reason", "payer")
    assert sorted(found) == [
        ("d1", "second", 7),
        ("d2", "", 7),
        ("g1", "erasure", None),
        ("o1", "uncredited", 7),
        ("p1", "", 7),
        ("r1", "refund", 7),
    ]
    assert {p.charge: p.subscription and p.subscription.charge for p in Payment.objects.all()} == {
        "p1": "p1", "p2": "p1", "d1": "d1", "d2": "d2", "d3": "d2", "r1": "r1", "g1": "g1", "o1": "o1", "x": None
    }  # fmt: skip
    running = selectors.running(plain, NOW + timedelta(days=40))
    assert running is not None
    assert (running.until, running.renews) == (NOW + timedelta(days=60), True)
    assert selectors.running(refunded, NOW + timedelta(days=1)) is None
    to_end = Subscription.objects.filter(end_next_at__isnull=False, ended_at=None).values_list("charge", flat=True)
    assert sorted(to_end) == ["d1", "o1"], "Telegram is asked to end these"
