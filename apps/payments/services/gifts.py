"""Gift codes: made with a payment, redeemed once, guessed in vain a few times an hour."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.payments.codes import SALT_BYTES, code_of, digest_of, digests_of, read_code
from apps.payments.models import GiftCode, GiftGuesses, Payment
from apps.users import services as users
from diana import audit

GUESSES = 5
GUESSES_PER = timedelta(hours=1)


class GiftRefused(ValueError):
    """The code gives nothing: it is wrong, was redeemed or was given back. Which of them is told to nobody."""


class TooManyGuesses(ValueError):
    """So many wrong codes were tried that no more are looked at for an hour."""


def add_gift(*, payment: Payment, days: int, now: datetime) -> GiftCode:
    """Make the code that a payment has bought, in the caller's transaction."""
    salt = secrets.token_bytes(SALT_BYTES)
    digest = digest_of(code_of(salt, settings.SECRET_KEY), settings.SECRET_KEY)
    return GiftCode.objects.create(
        payment=payment, buyer_id=payment.person_id, days=days, salt=salt, digest=digest, created_at=now
    )


def redeem_gift(*, person_id: int, code: str, now: datetime) -> GiftCode:
    """Give the person the VIP of a code; publishes vip.granted. Locks the person, then the code.

    Whoever has redeemed a code may send it again: nothing happens and it is returned. A wrong code counts, and after five
    in an hour none is looked at. Raises GiftRefused, TooManyGuesses, PersonGone.
    """
    with transaction.atomic():
        users.lock_person(person_id)
        _check_guesses(person_id, now)
        gift = _find(code)
        if gift is not None and gift.redeemed_by_id == person_id:
            return gift
        if gift is not None and gift.redeemed_at is None and gift.voided_at is None:
            return _redeem(gift, person_id, now)
        _count_guess(person_id, now)
    # Not raised inside: the count must be kept.
    raise GiftRefused(GiftRefused.__doc__)


def _find(code: str) -> GiftCode | None:
    typed = read_code(code)
    if typed is None:
        return None
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return GiftCode.objects.select_for_update().filter(digest__in=digests_of(typed, keys)).first()


def _redeem(gift: GiftCode, person_id: int, now: datetime) -> GiftCode:
    grant = users.grant_vip(
        person_id=person_id,
        source="gift",
        days=gift.days,
        reason=f"Gift {gift.pk}.",
        actor=audit.Actor(None, f"person {person_id}", "bot"),
        now=now,
        payment_reference=f"gift:{gift.pk}",
    )
    gift.redeemed_by_id, gift.redeemed_at, gift.vip_grant = person_id, now, grant.pk
    gift.save(update_fields=["redeemed_by", "redeemed_at", "vip_grant"])
    return gift


def _check_guesses(person_id: int, now: datetime) -> None:
    guesses = GiftGuesses.objects.filter(pk=person_id, since__gt=now - GUESSES_PER).first()
    if guesses is not None and guesses.count >= GUESSES:
        raise TooManyGuesses(TooManyGuesses.__doc__)


def _count_guess(person_id: int, now: datetime) -> None:
    """Count one more of this hour; the person's row is locked, so nobody else does."""
    guesses = GiftGuesses.objects.filter(pk=person_id).first()
    if guesses is None or guesses.since <= now - GUESSES_PER:
        GiftGuesses.objects.update_or_create(pk=person_id, defaults={"since": now, "count": 1})
    else:
        guesses.count += 1
        guesses.save(update_fields=["count"])
