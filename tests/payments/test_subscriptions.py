"""Subscriptions: one a person, ended at Telegram until it has, by itself and by staff."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.bot.incoming import KINDS
from apps.payments import selectors, services, standing
from apps.payments.attempts import ENDS, REFUNDS, next_attempt
from apps.payments.models import Invoice, Payment, Subscription, ToldRefund
from diana.audit import ReasonMissing
from diana.audit.models import AuditRecord
from tests.gamification.acts import person
from tests.payments.paying import NOW, STAFF, buy, invoice, take, telegram_id
from tests.users.conftest import Published, published, root

__all__ = ["published", "root"]

pytestmark = pytest.mark.django_db

MONTH = timedelta(days=30)


def to_be_ended(person_id: int | None = None) -> Subscription:
    """A subscription that staff want ended."""
    payment = buy("vip_monthly", buyer=person_id, now=NOW)
    services.end_subscription(subscription_id=payment.subscription_id or 0, reason="r", actor=STAFF, now=NOW)
    return Subscription.objects.get(pk=payment.subscription_id)


def test_telegram_is_asked_for_what_becomes_of_subscriptions() -> None:
    assert "subscription" in KINDS


def test_the_database_refuses_a_second_open_one() -> None:
    buy("vip_monthly", now=NOW)
    with pytest.raises(IntegrityError, match="one_open"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_subscription (charge, person_id, payer, payload, began_at, paid_until, state, end_reason,"
            " end_attempts, end_problem) SELECT 'other', person_id, payer, payload, began_at, paid_until, state, '', 0, ''"
            " FROM payments_subscription"
        )


def test_attempts_are_bounded() -> None:
    assert next_attempt(1, REFUNDS, NOW) == NOW + timedelta(minutes=10)
    assert next_attempt(9, REFUNDS, NOW) == NOW + timedelta(days=1)
    assert next_attempt(REFUNDS, REFUNDS, NOW) is None
    end = to_be_ended()
    now = NOW
    for _ in range(2 * ENDS):
        now += timedelta(hours=25)
        Subscription.objects.update(paid_until=now + MONTH)
        services.try_again(now=now)
        services.fail_end(subscription_id=end.pk, problem="no", now=now)
    end.refresh_from_db()
    assert (end.end_attempts, end.end_next_at, end.end_problem) == (ENDS, None, "no")
    assert services.ask_again(subscription_id=end.pk, now=now)
    end.refresh_from_db()
    assert end.end_attempts == 1


def test_what_is_tried_again_is_published_once(published: Published) -> None:
    end = to_be_ended()
    assert services.try_again(now=NOW) == 0
    for _ in range(2):
        services.try_again(now=NOW + timedelta(minutes=10))
    assert len(published(end.person_id, "payment.subscription_end_requested")) == 2
    assert services.confirm_end(subscription_id=end.pk, now=NOW)
    assert not services.confirm_end(subscription_id=end.pk, now=NOW)
    assert services.try_again(now=NOW + MONTH) == 0


def test_one_that_was_not_renewed_is_over_when_telegram_refuses() -> None:
    end = to_be_ended()
    services.fail_end(subscription_id=end.pk, problem="no", now=NOW + MONTH)
    assert Subscription.objects.get().ended_at is None
    services.fail_end(subscription_id=end.pk, problem="no", now=NOW + MONTH + timedelta(days=4))
    assert Subscription.objects.get().ended_at is not None
    take(invoice_of(end), charge="late", first=False, paid_at=NOW + MONTH, now=NOW + MONTH + timedelta(days=5))
    assert Subscription.objects.get().ended_at is None, "it was renewed after all: Telegram is asked again"


def invoice_of(subscription: Subscription) -> Invoice:
    bill = Payment.objects.get(charge=subscription.charge).invoice
    assert bill is not None
    return bill


def test_one_that_lapsed_makes_room_and_comes_back_second() -> None:
    somebody = person()
    old = invoice_of(Subscription.objects.get(pk=buy("vip_monthly", buyer=somebody, now=NOW).subscription_id))
    later = NOW + MONTH + timedelta(days=9)
    take(invoice(somebody, "vip_monthly", later), paid_at=later, now=later)
    assert list(Subscription.objects.order_by("pk").values_list("lapsed_at", "end_reason")) == [(later, ""), (None, "")]
    take(old, first=False, paid_at=later, now=later)
    assert list(Subscription.objects.order_by("pk").values_list("end_reason", flat=True)) == ["second", ""]


def test_a_first_payment_that_comes_after_its_renewal_gives_the_charge() -> None:
    bill = invoice(person(), "vip_monthly")
    take(bill, charge="renewal", first=False, paid_at=NOW + MONTH, now=NOW + MONTH)
    take(bill, charge="first", paid_at=NOW, now=NOW + MONTH)
    found = Subscription.objects.get()
    assert (found.charge, found.paid_until, found.payments.count()) == ("first", NOW + 2 * MONTH, 2)


def test_states_are_kept_for_the_one_that_runs() -> None:
    payment = buy("vip_monthly", now=NOW)
    told = {"payer": payment.payer or 0, "payload": payment.payload, "now": NOW}
    assert services.note_state(**told, state="canceled")
    assert not services.note_state(**told, state="canceled")
    assert not services.note_state(**told, state="new")
    found = selectors.running(payment.person_id, NOW)
    assert found is not None
    assert (found.renews, found.failed, found.until) == (False, False, NOW + MONTH)


def test_staff_end_one_with_a_reason(root: Client, published: Published) -> None:
    payment = buy("vip_monthly", now=NOW)
    address = reverse("admin:payments_subscription_end", args=[payment.subscription_id])
    assert root.get(address).status_code == 200
    shown = root.post(address, {"reason": "they asked"}).context["shown"]
    assert Subscription.objects.get().end_requested_at is None
    done = root.post(address, {"reason": "they asked", "shown": shown}, follow=True).content.decode()
    assert "charge no more" in done
    assert Subscription.objects.get().end_reason == "staff"
    assert AuditRecord.objects.get(act="end_subscription").reason == "they asked"
    assert len(published(payment.person_id, "payment.subscription_end_requested")) == 1
    page = reverse("admin:payments_subscription_change", args=[payment.subscription_id])
    assert "still to be ended" in root.get(page).content.decode()
    services.confirm_end(subscription_id=payment.subscription_id or 0, now=NOW)
    assert address not in root.get(page).content.decode()
    for choice in ("wanted", "done", "none"):
        assert root.get(reverse("admin:payments_subscription_changelist"), {"end": choice}).status_code == 200
    with pytest.raises(services.NothingToEnd):
        services.preview_end(subscription_id=payment.subscription_id or 0)


def test_ending_needs_a_reason() -> None:
    payment = buy("vip_monthly", now=NOW)
    with pytest.raises(ReasonMissing):
        services.end_subscription(subscription_id=payment.subscription_id or 0, reason=" ", actor=STAFF, now=NOW)


def test_the_command_lists_them_and_asks_again(published: Published) -> None:
    end = to_be_ended()
    services.fail_end(subscription_id=end.pk, problem="CHARGE_ID_INVALID", now=NOW)
    out = StringIO()
    call_command("end_subscriptions", "--dry-run", stdout=out)
    assert "staff" in out.getvalue()
    assert "CHARGE_ID_INVALID" in out.getvalue()
    assert "nobody was asked" in out.getvalue()
    call_command("end_subscriptions", "--subscription", str(end.pk), stdout=out)
    assert len(published(end.person_id, "payment.subscription_end_requested")) == 2
    with pytest.raises(CommandError, match="not to be ended"):
        call_command("end_subscriptions", "--subscription", "0")


def test_numbers_for_those_who_watch() -> None:
    to_be_ended()
    found = {family.name: family.samples[0].value for family in standing.families()}
    assert found == {
        "diana_payments_subscriptions_to_end": 1,
        "diana_payments_refunds_to_make": 0,
        "diana_payments_refund_requests_open": 0,
    }
    assert standing.concerns() == []


def test_a_told_refund_is_kept_once_and_settled() -> None:
    payment = buy(now=NOW)
    told = {"charge": payment.charge, "stars": payment.stars, "now": NOW}
    for _ in range(2):
        services.take_refund(**told, payer=1)
    assert list(ToldRefund.objects.values_list("problem", "settled_at")) == [("other_person", None)]
    assert services.take_refund(**told, payer=telegram_id(payment.person_id))
    assert ToldRefund.objects.get().settled_at == NOW
    assert not services.take_refund(**told, payer=1)
