"""What tests of payments have in common: bills, payments as Telegram tells them, buying something."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from apps.payments import services
from apps.payments.models import Invoice, Payment
from apps.users.models import Person
from diana import clock
from diana.audit import Actor
from tests.gamification.acts import person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAFF = Actor(7, "ana", "admin")

_charges = count(1)


def telegram_id(person_id: int) -> int:
    found = Person.objects.values_list("telegram_id", flat=True).get(pk=person_id)
    assert found is not None
    return found


def invoice(person_id: int, product: str = "vip_30", now: datetime = NOW) -> Invoice:
    return services.create_invoice(person_id=person_id, product=product, now=now)


def paid(bill: Invoice, **changes: Any) -> services.Paid:
    """What Telegram tells when the bill is paid by whom it is for."""
    recurring = bill.kind == "subscription"
    values: dict[str, Any] = {
        "charge": f"charge_{next(_charges)}",
        "payer": bill.person.telegram_id or 1,
        "payload": bill.payload,
        "stars": bill.stars,
        "currency": "XTR",
        "paid_at": NOW,
        "recurring": recurring,
    }
    return services.Paid(**(values | changes))


def take(bill: Invoice, *, now: datetime = NOW, by: int | None = None, **changes: Any) -> Payment:
    return services.take_payment(person_id=by or bill.person_id, paid=paid(bill, **changes), now=now)


def buy(product: str = "vip_30", *, buyer: int | None = None, now: datetime | None = None) -> Payment:
    """Let somebody buy something, after being asked whether they may."""
    buyer, now = buyer or person(), now or clock.now()
    bill = invoice(buyer, product, now)
    asked = services.Question(f"9{next(_charges)}", telegram_id(buyer), bill.payload, "XTR", bill.stars)
    assert services.answer_pre_checkout(question=asked, now=now).ok
    return take(bill, now=now)
