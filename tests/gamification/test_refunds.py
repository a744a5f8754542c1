"""What a refunded payment of before had earned is taken back: all of it, once, and not before it was given."""

import pytest
from django.db import transaction

from apps.gamification import services
from apps.gamification.models import Entry
from diana import clock
from diana.events import Envelope, Event, Retry
from diana.events.models import Failure, StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, award, event, happen, person
from tests.gamification.former_terms import pay_for_purchases

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _purchases_earned(db: None) -> None:
    pay_for_purchases()


TAKES_BACK = "gamification.take_back_refunded"


def succeeded(person_id: int, charge: int = 1, **fields: object) -> Event:
    told = {"charge": charge, "product": "vip_30", "stars": 250, "recurring": False, "first": True} | fields
    return event("payment.succeeded", person_id, **told)


def refunded(person_id: int, charge: int = 1) -> Envelope:
    return happen(event("payment.refunded", person_id, charge=charge))[0]


def reversals(person_id: int) -> list[tuple[str, int]]:
    found = Entry.objects.filter(account_id=person_id, kind="reversal").order_by("id")
    return list(found.values_list("rule", "amount"))


def test_the_points_of_that_payment_go_and_no_others() -> None:
    somebody = person()
    award(succeeded(somebody, 1), succeeded(somebody, 2), succeeded(somebody, 3, recurring=True, first=False))
    refunded(somebody, 3)
    drain(TAKES_BACK)
    assert reversals(somebody) == [("subscription_renewal", -2000)]
    assert Entry.objects.filter(account_id=somebody, rule="vip_purchase").count() == 2


def test_told_again_nothing_more_goes() -> None:
    somebody = person()
    award(succeeded(somebody))
    for _ in range(2):
        refunded(somebody)
    drain(TAKES_BACK)
    assert reversals(somebody) == [("vip_purchase", -1000)]


def test_what_staff_took_back_already_stays_so() -> None:
    from tests.gamification.acts import STAFF

    somebody = person()
    award(succeeded(somebody))
    entry = Entry.objects.get(account_id=somebody, rule="vip_purchase")
    services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key="k", now=NOON)
    refunded(somebody)
    drain(TAKES_BACK)
    assert reversals(somebody) == [("vip_purchase", -1000)]
    assert not Failure.objects.exists()


def test_it_waits_for_the_award() -> None:
    somebody = person()
    happen(succeeded(somebody))
    refunded(somebody)
    drain(TAKES_BACK)
    assert reversals(somebody) == []
    assert Failure.objects.get().status == "retrying"
    drain(AWARDS)
    Failure.objects.update(next_attempt_at=clock.real_now())
    drain(TAKES_BACK)
    assert reversals(somebody) == [("vip_purchase", -1000)]
    assert not Failure.objects.exclude(status="done").exists()


@pytest.mark.parametrize("status", ["retrying", "held", "dead"])
def test_it_waits_for_an_award_that_has_failed(status: str) -> None:
    somebody = person()
    [told] = award(succeeded(somebody))
    stored = StoredEvent.objects.get(event_id=told.event_id)
    Failure.objects.create(
        subscriber="gamification.award_points",
        type="payment.succeeded",
        status=status,
        lane=stored.lane,
        position=stored.pk,
        key=stored.key,
    )
    back = refunded(somebody)
    with pytest.raises(Retry), transaction.atomic():
        services.reverse_payment(person_id=somebody, charge=1, position=stored.pk + 1, now=NOON)
    assert back.user_id == somebody


def test_what_was_never_credited_earned_nothing() -> None:
    somebody = person()
    refunded(somebody)
    refunded(somebody, 7)
    drain(TAKES_BACK)
    assert reversals(somebody) == []
    assert not Failure.objects.exists()


def test_the_reversal_says_why_and_by_whom() -> None:
    from diana.audit.models import AuditRecord

    somebody = person()
    award(succeeded(somebody))
    refunded(somebody)
    drain(TAKES_BACK)
    record = AuditRecord.objects.get(act="reverse_entry")
    assert (record.actor, record.reason) == (TAKES_BACK, "Payment 1 was refunded.")
