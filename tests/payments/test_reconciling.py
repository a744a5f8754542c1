"""Telegram's list against the payments here: what differs is found, and repaired where that is safe."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.tasks import reconcile_payments
from apps.payments import services
from apps.payments.comparing import Known, Transaction, compare
from apps.payments.models import Payment, Subscription
from apps.payments.services import booking
from apps.payments.tasks import forget_questions
from apps.users import selectors as people
from apps.users.models import Grant, Person
from diana import clock
from diana.sandbox.running import Sandbox
from tests.bot.conftest import relent, sandbox
from tests.gamification.acts import person
from tests.payments.paying import NOW, STAFF, buy, invoice, paid, take, telegram_id

__all__ = ["sandbox"]

LATER = NOW + timedelta(hours=1)


def line(charge: str, stars: int = 250, **changes: Any) -> Transaction:
    return Transaction(**({"charge": charge, "telegram_id": 1, "stars": stars, "at": NOW, "payload": "p"} | changes))


known = st.builds(
    Known,
    id=st.integers(1, 9),
    stars=st.integers(1, 3),
    refunded=st.booleans(),
    refund_requested=st.booleans(),
    problem=st.sampled_from(["", "amount", "failed"]),
    recent=st.booleans(),
)
lines = st.builds(line, charge=st.sampled_from("abcd"), stars=st.integers(1, 3), refund=st.booleans(), at=st.just(NOW))


@given(st.lists(lines, max_size=6), st.dictionaries(st.sampled_from("abcd"), known, max_size=4))
def test_nothing_that_differs_is_missed(transactions: list[Transaction], ours: dict[str, Known]) -> None:
    found = compare(transactions, ours, before=LATER)
    came = {t.charge: t for t in transactions if not t.refund}
    went = {t.charge for t in transactions if t.refund}
    assert {t.charge for t in found.missing} == set(came) - set(ours)
    assert sorted(found.extra) == sorted(k.id for c, k in ours.items() if c not in came and not k.recent)
    assert sorted(found.amounts) == sorted(k.id for c, k in ours.items() if c in came and came[c].stars != k.stars)
    assert sorted(found.not_refunded) == sorted(k.id for c, k in ours.items() if c in went and not k.refunded)
    owed = [k.id for c, k in ours.items() if k.problem and not k.refunded and not k.refund_requested and c not in went]
    assert sorted(found.problems + found.failed) == sorted(owed)


def test_what_may_be_on_its_way_is_not_missed() -> None:
    assert compare([line("a")], {}, before=NOW).missing == []


@pytest.mark.django_db
def test_s19_what_is_missing_is_booked_and_credited() -> None:
    bill = invoice(person())
    transactions = [line("a", telegram_id=telegram_id(bill.person_id), payload=bill.payload), line("b", payload="x")]
    dry = services.reconcile(transactions=transactions, now=LATER, dry_run=True)
    assert (dry.repaired, dry.left, Payment.objects.count()) == (0, 2, 0)
    report = services.reconcile(transactions=transactions, now=LATER)
    assert (report.repaired, report.left, report.counts()["missing"]) == (1, 1, 2)
    payment = Payment.objects.get(charge="a")
    assert (payment.source, payment.paid_at, payment.first) == ("reconciled", NOW, True)
    assert people.effective_vip(bill.person_id, LATER) == LATER + timedelta(days=30)
    assert Payment.objects.get(charge="b").problem == "unknown_invoice"
    again = services.reconcile(transactions=transactions, now=LATER + timedelta(hours=1))
    assert (again.counts()["missing"], again.counts()["problems"], again.left) == (0, 1, 1)
    # What Telegram tells at last is a copy.
    services.take_payment(person_id=bill.person_id, paid=paid(bill, charge="a"), now=LATER)
    assert Grant.objects.count() == 1


@pytest.mark.django_db
def test_missing_renewals_are_renewals() -> None:
    bill = invoice(person(), "vip_monthly")
    common = {"telegram_id": telegram_id(bill.person_id), "payload": bill.payload, "stars": 200, "recurring": True}
    month = timedelta(days=30)
    renewed = line("b", **common | {"at": NOW + month})
    doubled = line("c", **common | {"at": NOW + month / 2})
    services.reconcile(transactions=[line("a", **common), renewed, doubled], now=LATER + month)
    assert list(Payment.objects.order_by("id").values_list("first", flat=True)) == [True, False, True]
    assert list(Subscription.objects.order_by("id").values_list("charge", "end_reason")) == [("a", ""), ("c", "second")]


@pytest.mark.django_db
def test_refunds_and_failures_are_made_good(monkeypatch: pytest.MonkeyPatch) -> None:
    refunded, asked = buy(now=NOW), buy(now=NOW)
    services.request_refund(payment_id=asked.pk, reason="r", actor=STAFF, key="k", now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(booking, "_grant", lambda *_: 1 // 0)
        failed = take(invoice(person()))
    extra = buy(now=NOW)
    wrong = buy(now=NOW)
    transactions = [line(p.charge) for p in (refunded, asked, failed)] + [line(wrong.charge, 1)]
    transactions += [line(refunded.charge, refund=True)]
    seen = list[str]()
    report = services.reconcile(transactions=transactions, now=LATER, progress=seen.append)
    assert (report.found.not_refunded, report.found.failed) == ([refunded.pk], [failed.pk])
    assert (report.found.refunds, report.found.extra, report.found.amounts) == ([asked.pk], [extra.pk], [wrong.pk])
    assert (report.repaired, report.left) == (2, 3)
    assert seen == ["1 of 2 repairs", "2 of 2 repairs"]
    assert Payment.objects.get(pk=refunded.pk).refunded_at == LATER
    assert Payment.objects.get(pk=failed.pk).credited_at == LATER


@pytest.mark.django_db
def test_what_cannot_be_repaired_is_left_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(booking, "_grant", lambda *_: 1 // 0)
        failed = [take(invoice(person())) for _ in range(2)]
    Person.objects.filter(pk=failed[0].person_id).update(status="erased", telegram_id=None)
    report = services.reconcile(transactions=[line(p.charge) for p in failed], now=LATER)
    assert (report.repaired, report.left) == (1, 1)
    assert "could not be repaired" in caplog.text


@pytest.mark.parametrize(
    ("listed", "commission", "same"),
    [(250, 0, True), (225, 25, True), (250, 25, True), (225, 0, False), (225, 20, False), (275, 25, False)],
)
def test_a_smaller_amount_is_right_where_an_affiliate_has_the_rest(listed: int, commission: int, same: bool) -> None:
    found = compare([line("a", listed, commission=commission)], {"a": Known(1, 250)}, before=LATER)
    assert found.amounts == ([] if same else [1])


@pytest.mark.django_db
def test_what_an_affiliate_has_of_a_missing_payment_is_not_missed() -> None:
    """Credited is what the person has paid; what the bot got of it stays a matter of Telegram's list."""
    bills = [invoice(person()) for _ in range(3)]
    lines = [
        line(f"c{number}", 250 - taken, commission=taken, telegram_id=telegram_id(bill.person_id), payload=bill.payload)
        for number, (bill, taken) in enumerate(zip(bills, (25, 25, 20), strict=True))
    ]
    lines[2] = lines[2]._replace(stars=225)
    lines.append(lines[1]._replace(refund=True))
    report = services.reconcile(transactions=lines, now=LATER)
    booked = {payment.charge: (payment.stars, payment.problem) for payment in Payment.objects.all()}
    assert booked == {"c0": (250, ""), "c1": (250, "refunded"), "c2": (225, "amount")}
    assert (report.repaired, report.left, report.commission) == (2, 1, 70)
    assert services.reconcile(transactions=lines[:2], now=LATER).counts()["amounts"] == 0


def command(*args: str) -> tuple[int, str]:
    out, status = StringIO(), 0
    try:
        call_command("reconcile_payments", *args, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, out.getvalue()


def test_the_command_reads_all_pages_and_says_what_it_did(sandbox: Sandbox) -> None:
    now = clock.now()
    somebody = person()
    payer = telegram_id(somebody)
    bill = invoice(somebody, now=now)
    for _ in range(101):
        sandbox.pay(payer, bill.payload, stars=bill.stars)
    old = Payment.objects.count()
    assert old == 0
    # So new that they may still be on their way.
    assert command("--json") == (
        0,
        json.dumps(
            {"transactions": 101, "repaired": 0, "left": 0, "commission": 0}
            | {
                "missing": 0,
                "not_refunded": [],
                "amounts": [],
                "extra": [],
                "refunds": [],
                "problems": [],
                "failed": [],
            }
        )
        + "\n",
    )
    offsets = [call.parameters.get("offset", 0) for call in sandbox.calls(method="getStarTransactions")]
    assert offsets == [0, 100]


def test_the_command_ends_with_a_status_when_something_is_wrong(sandbox: Sandbox) -> None:
    payment = buy(now=clock.now() - timedelta(hours=1))
    status, text = command("--dry-run")
    assert status == 1
    assert f"1 – not in Telegram's list: {payment.pk}" in text
    assert "nothing was changed, 1 left" in text
    sandbox.behave(fail_next=[{"status": 500}])
    with pytest.raises(CommandError, match="could not be read"):
        command()


def test_the_task_compares_once_a_day(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    buy(now=clock.now() - timedelta(hours=1))
    assert reconcile_payments() == 1
    assert "do not agree" in caplog.text
    assert reconcile_payments() is None
    assert len(sandbox.calls(method="getStarTransactions")) == 1
    assert forget_questions() == 0
    assert forget_questions() is None


@pytest.mark.parametrize("failure", [{"status": 429, "retry_after": 30}, {"status": 500}])
def test_the_task_waits_for_a_list_that_telegram_does_not_give(
    sandbox: Sandbox, failure: dict[str, int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.behave(fail_next=[failure | {"method": "getStarTransactions"}])
    assert reconcile_payments() is None
    assert "could not be read" in caplog.text
    assert not any(record.exc_info for record in caplog.records)
    relent(monkeypatch)
    assert reconcile_payments() == 0  # the next hour


def test_only_payments_of_people_are_compared() -> None:
    from telegram import AffiliateInfo, StarTransaction, TransactionPartnerFragment, TransactionPartnerUser, User

    from apps.bot.star_transactions import _line

    user = User(5, "Ada", False)
    ours = TransactionPartnerUser(user=user, transaction_type="invoice_payment", invoice_payload="p")
    gift = TransactionPartnerUser(user=user, transaction_type="gift_purchase")
    common = {"id": "c", "amount": 5, "date": NOW}
    assert _line(StarTransaction(**common, source=ours)) == line("c", 5, telegram_id=5)
    assert _line(StarTransaction(**common, receiver=ours)) == line("c", 5, telegram_id=5, refund=True)
    assert _line(StarTransaction(**common, receiver=gift)) is None
    shares = [(5, 0, 1, 0, 1), (5, 500_000_000, 1, 500_000_000, 2), (5, None, -1, None, 1), (5, 0, 0, 4, 0)]
    for amount, nanostars, share, nanoshare, commission in shares:
        affiliate = AffiliateInfo(100, share, nanostar_amount=nanoshare)
        referred = TransactionPartnerUser(
            user=user, transaction_type="invoice_payment", invoice_payload="p", affiliate=affiliate
        )
        listed = StarTransaction(id="c", amount=amount, nanostar_amount=nanostars, date=NOW, source=referred)
        assert _line(listed) == line("c", 5, telegram_id=5, commission=commission)
    assert _line(StarTransaction(**common, source=TransactionPartnerFragment())) is None
