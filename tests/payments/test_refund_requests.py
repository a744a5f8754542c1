"""Refunds that people ask for: their own payments, within 30 days, one at a time; staff accept or decline, once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.payments import personal_data, selectors, services
from apps.payments.models import Payment, RefundRequest
from apps.users import services as users
from diana.audit import ReasonMissing
from diana.audit.models import AuditRecord
from tests.gamification.acts import person
from tests.gamification.test_concurrency import at_once
from tests.payments.paying import NOW, STAFF, buy, invoice, take
from tests.users.conftest import Published, published, root

__all__ = ["published", "root"]

MONTH = timedelta(days=30)
ANSWER = "The days were used."


def ask(payment: Payment, *, by: int | None = None, now: Any = NOW) -> RefundRequest:
    return services.ask_for_refund(person_id=by or payment.person_id, payment_id=payment.pk, now=now)


def decline(request: RefundRequest, answer: str = ANSWER) -> RefundRequest:
    return services.decline_refund(request_id=request.pk, answer=answer, actor=STAFF, now=NOW)


def state(request: RefundRequest) -> str:
    request.refresh_from_db()
    assert (request.decided_at is None) == (request.state == "open")
    return request.state


def shown(person_id: int) -> list[tuple[str, bool]]:
    """Return the state of each payment as its payer sees it, and whether its refund can be asked for."""
    return [(line.state, line.may_ask) for line in selectors.last_payments(person_id, 5, NOW)]


@pytest.mark.django_db
def test_a_refund_is_asked_for_once_however_often_it_is_pressed(published: Published) -> None:
    payment = buy(now=NOW)
    assert shown(payment.person_id) == [("credited", True)]
    assert [ask(payment).pk for _ in range(3)] == [ask(payment).pk] * 3
    assert (state(RefundRequest.objects.get()), shown(payment.person_id)) == ("open", [("asked", False)])
    assert len(published(payment.person_id, "payment.refund_asked")) == 1
    payment.refresh_from_db()
    assert payment.refund_requested_at is None, "people decide"


@pytest.mark.django_db
def test_only_ones_own_payments_of_the_last_30_days_one_at_a_time() -> None:
    somebody = person()
    late = take(invoice(somebody), now=NOW, paid_at=NOW - MONTH - timedelta(seconds=1))
    first, second = (take(invoice(somebody), now=NOW, paid_at=NOW - MONTH) for _ in range(2))
    owed = take(invoice(somebody), stars=1)
    back = buy(buyer=somebody, now=NOW)
    services.confirm_refund(payment_id=back.pk, now=NOW)
    states = ["refunded", "owed", "credited", "credited", "credited"]
    assert shown(somebody) == list(zip(states, [False, True, True, True, False], strict=True))
    request = ask(first)
    assert shown(somebody) == [(s, False) for s in ("refunded", "owed", "credited", "asked", "credited")]
    for payment, by, why in (
        (second, somebody, "open"),
        (late, somebody, "late"),
        (back, somebody, "settled"),
        (first, person(), "unknown"),
    ):
        with pytest.raises(services.RequestRefused) as refused:
            ask(payment, by=by)
        assert refused.value.why == why
    with pytest.raises(services.RequestRefused, match="unknown"):
        services.ask_for_refund(person_id=somebody, payment_id=2**63 - 1, now=NOW)
    decline(request)
    assert ask(first).pk == request.pk, "it was answered"
    assert state(ask(owed)) == "open", "what gave nothing may be asked for as well"
    assert RefundRequest.objects.count() == 2


@pytest.mark.usefixtures("committed_db")
def test_of_two_at_once_one_is_open() -> None:
    somebody = person()
    payments = [buy(buyer=somebody, now=NOW) for _ in range(2)]

    refusals: list[str] = []

    def try_to(payment: Payment) -> None:
        try:
            ask(payment)
        except services.RequestRefused as refused:
            refusals.append(refused.why)

    at_once(*[lambda p=p: try_to(p) for p in (*payments, *payments)])
    assert RefundRequest.objects.count() == 1
    assert refusals == ["open", "open"]


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["staff", "telegram"])
def test_a_refund_accepts_the_request_whoever_makes_it(by: str) -> None:
    payment = buy(now=NOW)
    request = ask(payment)
    if by == "staff":
        services.request_refund(payment_id=payment.pk, reason="r", actor=STAFF, key="k", now=NOW)
        assert shown(payment.person_id) == [("returning", False)]
        assert AuditRecord.objects.get(act="refund_payment").after["request"] == request.pk  # type: ignore[index]
    else:
        services.take_refund(charge=payment.charge, payer=payment.payer, stars=payment.stars, now=NOW)
        assert shown(payment.person_id) == [("refunded", False)]
    assert state(request) == "accepted"
    with pytest.raises(services.AlreadyDecided):
        decline(request)
    assert AuditRecord.objects.filter(act="decline_refund").count() == 0


@pytest.mark.django_db
def test_a_request_is_declined_once_with_a_sentence_and_a_record(published: Published) -> None:
    payment = buy(now=NOW)
    request = ask(payment)
    for blank in ("", "  ", "x" * 301):
        with pytest.raises(ReasonMissing):
            decline(request, blank)
    assert state(request) == "open"
    decline(request)
    assert (state(request), request.answer) == ("declined", ANSWER)
    with pytest.raises(services.AlreadyDecided):
        decline(request, "Another one.")
    record = AuditRecord.objects.get(act="decline_refund")
    assert (record.actor, record.reason, record.object_id) == ("ana", ANSWER, str(request.pk))
    told = {"charge": payment.pk, "request": request.pk, "actor": 7, "audit": record.pk}
    assert [fields for _, fields in published(payment.person_id, "payment.refund_declined")] == [told]
    [line] = selectors.last_payments(payment.person_id, 5, NOW)
    assert (line.state, line.answer, line.may_ask) == ("declined", ANSWER, False)


@pytest.mark.django_db
def test_the_copy_has_requests_and_erasure_withdraws_the_open_ones_and_forgets_the_words() -> None:
    somebody = person()
    answered = ask(buy(buyer=somebody, now=NOW))
    decline(answered)
    waiting = ask(buy(buyer=somebody, now=NOW))
    copied = json.loads(json.dumps(personal_data.export(somebody)))["refund_requests"]
    assert [(one["state"], one["answer"]) for one in copied] == [("declined", ANSWER), ("open", "")]
    users.erase_person(person_id=somebody, reason="They asked for it.", actor=STAFF, now=NOW)
    assert (state(answered), answered.answer, state(waiting)) == ("declined", "", "withdrawn")


@pytest.mark.django_db
def test_staff_see_what_is_open_first_accept_by_the_refund_and_decline_with_a_sentence(root: Client) -> None:
    first, second = ask(buy(now=NOW)), ask(buy(now=NOW))
    listed = root.get(reverse("admin:payments_refundrequest_changelist")).content.decode()
    assert str(first.payment_id) in listed
    assert "open" in listed
    page = reverse("admin:payments_refundrequest_change", args=[first.pk])
    assert "Decline" in root.get(page).content.decode()
    refuse = reverse("admin:payments_refundrequest_decline", args=[first.pk])
    assert "English" in root.get(refuse).content.decode(), "the sentence is read in the person's language"
    sent = {"answer": ANSWER}
    preview = root.post(refuse, sent)
    assert state(first) == "open"
    done = root.post(refuse, sent | {"shown": preview.context["shown"]}, follow=True)
    assert (state(first), done.redirect_chain[-1][0]) == ("declined", page)
    assert "decided already" in root.post(refuse, sent, follow=True).content.decode()

    accept = reverse("admin:payments_refundrequest_accept", args=[second.pk])
    sent = {"reason": "Fair enough.", "key": "abc"}
    preview = root.post(accept, sent)
    assert {change.after for change in preview.context["preview"].changes} >= {second.payment.stars}
    assert state(second) == "open"
    root.post(accept, sent | {"shown": preview.context["shown"]})
    assert state(second) == "accepted"
    assert services.request_refund(payment_id=second.payment_id, reason="r", actor=STAFF, key="abc", now=NOW)
    assert accept not in root.get(reverse("admin:payments_refundrequest_change", args=[second.pk])).content.decode()
