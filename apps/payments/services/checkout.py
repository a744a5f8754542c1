"""Telegram asks whether a bill may be paid: answered from the database alone, within its ten seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import IntegrityError, connection, transaction

from apps.payments.events import PrecheckoutAnswered
from apps.payments.models import Invoice, Kind, PreCheckout
from apps.payments.selectors import running
from apps.users import selectors as people
from diana.events import Publication, publish_many

STARS = "XTR"
# A fifth of what Telegram waits: there must be time to say no.
WAIT_MILLISECONDS = 2_000

Verdict = Literal["ok", "unknown", "other_person", "amount", "expired", "paid", "leaving", "subscribed"]


@dataclass(frozen=True, slots=True)
class Question:
    """What Telegram asks: may this person (Telegram's id) pay this bill, so many of this currency?"""

    query: str
    payer: int
    payload: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`verdict` is "ok" or why not; `language` is the person's, None for who is not known."""

    verdict: str
    language: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it may be paid."""
        return self.verdict == "ok"


def answer_pre_checkout(*, question: Question, now: datetime) -> Answer:
    """Say whether the bill may be paid, and keep that: asked again, the answer is the same. Publishes
    payment.precheckout_answered. A query that was answered yes and comes with another payer, bill or amount is declined.

    Reads without a lock and waits at most two seconds for anything, so that nobody who works on the person holds the
    answer up; what was true here is judged again when the payment comes. Raises DatabaseError: then nothing was said.
    """
    with transaction.atomic():
        _hurry()
        known = _known(question)
        if known is None:
            known = _decide(question, now)
    return known


def _hurry() -> None:
    """Bound every wait of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET LOCAL lock_timeout = {WAIT_MILLISECONDS}; SET LOCAL statement_timeout = {WAIT_MILLISECONDS}"
        )


def _known(question: Question) -> Answer | None:
    row = PreCheckout.objects.filter(query=question.query).select_related("person", "invoice").first()
    if row is None:
        return None
    if row.verdict == "ok" and not _is_same(question, row):
        person_id = people.person_of(question.payer)
        return Answer("other_question", people.profile(person_id).language if person_id else None)
    return Answer(row.verdict, row.person.language if row.person else None)


def _is_same(question: Question, row: PreCheckout) -> bool:
    """Say whether a question is the one that was answered yes: that was the bill's person, payload, currency, amount."""
    assert row.invoice is not None, "a constraint: yes is said to a bill"
    assert row.person is not None, "a constraint: yes is said to somebody"
    asked = (question.payer, question.payload, question.currency, question.amount)
    return asked == (row.person.telegram_id, row.invoice.payload, STARS, row.invoice.stars)


def _decide(question: Question, now: datetime) -> Answer:
    invoice = Invoice.objects.filter(payload=question.payload).select_related("person").first()
    person_id = people.person_of(question.payer)
    verdict = judge(question, invoice, now)
    language = people.profile(person_id).language if person_id else None
    try:
        with transaction.atomic():
            PreCheckout.objects.create(
                query=question.query, person_id=person_id, invoice=invoice, verdict=verdict, answered_at=now
            )
            event = PrecheckoutAnswered(user_id=person_id, ok=verdict == "ok")
            publish_many([Publication(event=event, occurred_at=now)])
    except IntegrityError:
        # The same question at the same time: whoever was first has answered it.
        known = _known(question)
        if known is None:
            raise
        return known
    return Answer(verdict, language)


def judge(question: Question, invoice: Invoice | None, now: datetime) -> Verdict:
    """Say "ok", or why the bill may not be paid so."""
    if invoice is None:
        return "unknown"
    person = invoice.person
    if person.telegram_id != question.payer:
        return "other_person"
    if (question.currency, question.amount) != (STARS, invoice.stars):
        return "amount"
    if person.status == person.Status.DELETION_REQUESTED:
        return "leaving"
    if invoice.kind == Kind.SUBSCRIPTION:
        if running(person.pk, now) is not None:
            return "subscribed"  # renewals come without a question
        if invoice.paid_at is not None:
            return "ok"  # it had ended: Telegram's old link begins another one
    if invoice.paid_at is not None:
        return "paid"
    return "ok" if now < invoice.expires_at else "expired"
