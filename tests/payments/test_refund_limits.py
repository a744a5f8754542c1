"""Stars that one member of staff gives back add up over 24 hours: above the limit a second person is asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.gamification import services as points
from apps.gamification.models import StaffRequest
from apps.payments.models import Payment
from apps.users.models import Staff
from diana import second_person
from diana.acts import StateChanged
from diana.audit import Actor
from diana.second_person import Asked
from tests.gamification.acts import person
from tests.gamification.test_concurrency import at_once
from tests.payments.paying import NOW, buy
from tests.users.conftest import root

__all__ = ["root"]

VERA = Actor(999_999, "vera", "admin")
DAY = timedelta(hours=24)


def give_back(payment: Payment, key: str, *, actor: Actor = VERA, now: Any = NOW) -> object:
    """Have a payment given back, or ask for it, as the admin does."""
    how = {"reason": "r", "actor": actor, "key": key, "now": now}
    return second_person.act_or_ask(act="refund_payment", parameters={"payment_id": payment.pk}, **how)


@pytest.mark.django_db
def test_stars_add_up(settings: Any) -> None:
    payments = [buy(now=NOW) for _ in range(6)]
    settings.STAFF_STARS_REFUNDED = 2 * payments[0].stars
    first, second, third, fourth, fifth, sixth = payments
    assert [type(give_back(p, k)) for p, k in ((first, "a"), (second, "b"), (third, "c"))] == [Payment, Payment, Asked]
    assert isinstance(give_back(first, "a"), Payment), "a second call with the key changes nothing"
    assert isinstance(give_back(fourth, "d", actor=Actor(5, "olga", "admin")), Payment), "another actor"
    assert isinstance(give_back(fifth, "e", now=NOW + DAY - timedelta(seconds=1)), Asked)
    staff = Staff.objects.create_superuser("olga")
    olga = Actor(staff.pk, "olga", "admin")
    points.approve(request_id=StaffRequest.objects.earliest("pk").pk, reason="Yes", actor=olga, now=NOW)
    third.refresh_from_db()
    assert third.refund_requested_at == NOW
    later = [give_back(p, f"l{p.pk}", now=NOW + DAY) for p in (sixth, *(buy(now=NOW) for _ in range(2)))]
    assert [type(outcome) for outcome in later] == [Payment, Payment, Asked]


@pytest.mark.django_db
def test_a_refund_that_needs_a_second_person_by_now_is_shown_anew(settings: Any) -> None:
    one, other = buy(now=NOW), buy(now=NOW)
    settings.STAFF_STARS_REFUNDED = one.stars
    how: dict[str, Any] = {"act": "refund_payment", "parameters": {"payment_id": one.pk}, "actor": VERA, "now": NOW}
    shown = second_person.preview_act(**how)
    give_back(other, "a")
    with pytest.raises(StateChanged):
        second_person.act_or_ask(key="b", reason="r", shown=shown.effect, **how)
    again = second_person.preview_act(**how)
    assert isinstance(second_person.act_or_ask(key="b", reason="r", shown=again.effect, **how), Asked)
    # And the other way round: what was to be asked for is not done at once.
    settings.STAFF_STARS_REFUNDED = 2 * one.stars
    with pytest.raises(StateChanged):
        second_person.act_or_ask(key="c", reason="r", shown=again.effect, **how)


@pytest.mark.usefixtures("committed_db")
def test_two_refunds_at_once_do_not_pass_the_limit_together(settings: Any) -> None:
    payments = [buy(now=NOW) for _ in range(2)]
    settings.STAFF_STARS_REFUNDED = payments[0].stars
    outcomes: list[object] = []
    at_once(*[lambda p=p: outcomes.append(give_back(p, f"k{p.pk}")) for p in payments])
    assert {type(outcome) for outcome in outcomes} == {Payment, Asked}
    assert Payment.objects.filter(refund_requested_at=None).count() == 1


@pytest.mark.django_db
def test_the_page_says_so_before_it_is_confirmed(root: Client, settings: Any) -> None:
    settings.STAFF_STARS_REFUNDED = 100
    payment = buy(buyer=person(), now=NOW)
    address, sent = reverse("admin:payments_payment_refund", args=[payment.pk]), {"reason": "r", "key": "abc"}
    page = root.post(address, sent)
    text = page.content.decode()
    assert "Stars that you gave back in the last 24 hours: 0 of 100; left: 100." in text
    assert "another member of staff must approve" in text
    after = root.post(address, sent | {"shown": page.context["shown"]}, follow=True).content.decode()
    assert f"request {StaffRequest.objects.get().pk} waits" in after
    payment.refresh_from_db()
    assert payment.refund_requested_at is None
