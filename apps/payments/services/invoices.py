"""Making bills: one open bill a person and product, under a random payload."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from apps.payments.events import InvoiceCreated
from apps.payments.models import Invoice
from apps.payments.products import PRODUCTS, Product
from apps.payments.selectors import running
from apps.users import services as users
from diana.events import publish_many

LIVES = timedelta(hours=24)
# A bill that lives less long than this is not shown again: a new one is made.
AT_LEAST = timedelta(hours=1)
PAYLOAD_BYTES = 24


class UnknownProduct(LookupError):
    """There is no such product: choose one of apps.payments.products."""


class AlreadySubscribed(ValueError):
    """A subscription of the person runs: sell days instead, they are added."""


def create_invoice(*, person_id: int, product: str, now: datetime) -> Invoice:
    """Return a bill for the product at the present price, for this person alone; publishes payment.invoice_created.

    Locks the person. While an unpaid bill of the same product and price lives for another hour it is returned: so a
    second call, and somebody who presses again and again, make no more. Raises UnknownProduct, AlreadySubscribed,
    PersonGone.
    """
    wanted = PRODUCTS.get(product)
    if wanted is None:
        raise UnknownProduct(f"{product!r} is not sold: choose one of {', '.join(PRODUCTS)}.")
    with transaction.atomic():
        person = users.lock_person(person_id)
        if wanted.kind == "subscription" and running(person_id, now) is not None:
            raise AlreadySubscribed(AlreadySubscribed.__doc__)
        if known := _open(person_id, wanted, now):
            return known
        invoice = Invoice.objects.create(
            person=person,
            payload=secrets.token_urlsafe(PAYLOAD_BYTES),
            product=wanted.key,
            kind=wanted.kind,
            days=wanted.days,
            stars=wanted.stars,
            created_at=now,
            expires_at=now + LIVES,
        )
        event = InvoiceCreated(user_id=person_id, invoice=invoice.pk, product=wanted.key, stars=wanted.stars)
        publish_many([users.about(person, event, now)])
    return invoice


def _open(person_id: int, product: Product, now: datetime) -> Invoice | None:
    return Invoice.objects.filter(
        person_id=person_id,
        product=product.key,
        kind=product.kind,
        days=product.days,
        stars=product.stars,
        paid_at=None,
        expires_at__gt=now + AT_LEAST,
    ).first()
