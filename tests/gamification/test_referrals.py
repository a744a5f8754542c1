"""What invitations have paid is taken back, once, also where it was awarded late."""

from datetime import timedelta

import pytest

from apps.gamification import selectors, services, tasks
from apps.gamification.models import Entry
from apps.gamification.proof.verifying import verify
from apps.users import services as users
from apps.users.models import Referral
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import AWARDS, NOON, STAFF, people

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
LATER = NOON + WEEK + timedelta(days=1)


@pytest.fixture
def paid() -> tuple[int, int]:
    """A referrer and who came by their link: earned a week ago, the events that pay are published."""
    switch_achievements_off()
    referrer, invitee = people(2)
    Referral.objects.create(
        invitee_id=invitee, referrer_id=referrer, referred_at=NOON, status="qualified", qualified_at=NOON
    )
    assert users.pay_referrals(now=NOON + WEEK) == 1
    return referrer, invitee


def suspend(person_id: int) -> None:
    users.suspend(person_id=person_id, until=None, reason="r", actor=STAFF, key=f"k{person_id}", now=LATER)


def balances(*ids: int) -> list[int]:
    return [selectors.balance(person) for person in ids]


def test_both_are_paid_by_the_rules(paid: tuple[int, int]) -> None:
    drain(AWARDS)
    assert balances(*paid) == [500, 50]
    assert services.reverse_referrals(now=LATER) == 0


def test_both_lose_it_when_the_invited_is_suspended(paid: tuple[int, int]) -> None:
    drain(AWARDS)
    suspend(paid[1])
    drain("users.follow_referrals")
    assert services.reverse_referrals(now=LATER) == 2
    assert services.reverse_referrals(now=LATER) == 0
    assert balances(*paid) == [0, 0]
    assert Entry.objects.filter(kind="reversal").count() == 2
    assert verify().ok


def test_what_is_awarded_late_is_taken_back_late(paid: tuple[int, int]) -> None:
    suspend(paid[1])
    drain("users.follow_referrals")
    assert services.reverse_referrals(now=LATER) == 0
    drain(AWARDS)
    assert balances(paid[0]) == [500]
    assert services.reverse_referrals(now=LATER) >= 1
    assert balances(*paid) == [0, 0]


def test_what_staff_reversed_before_is_left_alone(paid: tuple[int, int]) -> None:
    drain(AWARDS)
    entry = Entry.objects.get(rule="friend_referral", amount=500)
    services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key="k", now=LATER)
    suspend(paid[1])
    drain("users.follow_referrals")
    assert services.reverse_referrals(now=LATER) == 1
    assert balances(*paid) == [0, 0]


def test_a_suspension_long_after_takes_nothing(paid: tuple[int, int]) -> None:
    drain(AWARDS)
    late = NOON + WEEK + timedelta(days=31)
    users.suspend(person_id=paid[1], until=None, reason="r", actor=STAFF, key="k", now=late)
    drain("users.follow_referrals")
    assert services.reverse_referrals(now=late) == 0


def test_the_task_does_a_slot_once(paid: tuple[int, int]) -> None:
    assert tasks.reverse_referrals() == 0
    assert tasks.reverse_referrals() is None
    assert StoredEvent.objects.filter(type="game.entry_reversed").count() == 0
