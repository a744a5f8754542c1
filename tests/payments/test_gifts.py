"""Gift codes: made with a payment, redeemed once, not to be read from the database or guessed."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments import codes, selectors, services
from apps.payments.models import GiftCode, GiftGuesses
from apps.users import selectors as people
from apps.users.models import Grant, Person
from apps.users.services import PersonGone
from tests.gamification.acts import person
from tests.payments.paying import NOW, buy

WRONG = "A" * 16


def code_of(payment_id: int) -> str:
    gift = selectors.gift_of(payment_id)
    assert gift is not None
    return gift.code


@given(st.binary(min_size=16, max_size=16), st.text(min_size=1, max_size=50))
def test_a_code_can_be_typed_and_is_known_again(salt: bytes, secret: str) -> None:
    code = codes.code_of(salt, secret)
    assert codes.read_code(f" {code[:4].lower()}-{code[4:]} ") == code
    assert codes.digest_of(code, secret) in codes.digests_of(code, ["other", secret])
    assert codes.code_of(salt, secret + "x") != code


@pytest.mark.parametrize("text", ["", "A" * 15, "A" * 17, "AAAA AAAA AAAA AAAA", "1" * 16, "ß" * 16, "A" * 15 + "\x00"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert codes.read_code(text) is None


@pytest.mark.django_db
def test_a_code_is_redeemed_once_and_a_repeated_act_changes_nothing() -> None:
    payment = buy("gift_30", now=NOW)
    code, friend, other = code_of(payment.pk), person(), person()
    first = services.redeem_gift(person_id=friend, code=code, now=NOW)
    assert services.redeem_gift(person_id=friend, code=code, now=NOW).pk == first.pk
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=other, code=code, now=NOW)
    assert people.effective_vip(friend, NOW) == NOW + timedelta(days=30)
    grant = Grant.objects.get()
    assert (grant.source, grant.payment_reference) == ("gift", f"gift:{first.pk}")
    assert selectors.gift_of(payment.pk).redeemed  # type: ignore[union-attr]


@pytest.mark.django_db
def test_the_buyer_may_keep_it() -> None:
    payment = buy("gift_30", now=NOW)
    services.redeem_gift(person_id=payment.person_id, code=code_of(payment.pk), now=NOW)
    assert people.effective_vip(payment.person_id, NOW) is not None


@pytest.mark.django_db
def test_wrong_codes_are_counted_and_then_not_looked_at() -> None:
    somebody, code = person(), code_of(buy("gift_30", now=NOW).pk)
    for number in range(1, 6):
        with pytest.raises(services.GiftRefused):
            services.redeem_gift(person_id=somebody, code=WRONG if number % 2 else "nonsense", now=NOW)
        assert GiftGuesses.objects.get().count == number
    with pytest.raises(services.TooManyGuesses):
        services.redeem_gift(person_id=somebody, code=code, now=NOW + timedelta(minutes=59))
    services.redeem_gift(person_id=person(), code=code, now=NOW)
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=somebody, code=WRONG, now=NOW + timedelta(hours=1))
    assert GiftGuesses.objects.get().count == 1


@pytest.mark.django_db
def test_a_code_lives_through_a_change_of_the_key(settings: Any) -> None:
    code = code_of(buy("gift_30", now=NOW).pk)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    services.redeem_gift(person_id=person(), code=code, now=NOW)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=person(), code=code, now=NOW)


@pytest.mark.django_db
def test_no_column_holds_the_code() -> None:
    code = code_of(buy("gift_30", now=NOW).pk)
    [row] = GiftCode.objects.values()
    assert all(code.encode() not in bytes(v) for v in (row["salt"], row["digest"]))
    assert code not in str(row)


@pytest.mark.django_db
def test_a_refunded_gift_gives_nothing_and_takes_back_what_it_gave() -> None:
    kept, redeemed = (buy("gift_30", now=NOW) for _ in range(2))
    code, friend = code_of(kept.pk), person()
    services.redeem_gift(person_id=friend, code=code_of(redeemed.pk), now=NOW)
    for payment in (kept, redeemed):
        services.confirm_refund(payment_id=payment.pk, now=NOW)
        assert selectors.gift_of(payment.pk) is None
        for _ in range(2):
            services.end_gift(payment_id=payment.pk, now=NOW)
    with pytest.raises(services.GiftRefused):
        services.redeem_gift(person_id=person(), code=code, now=NOW)
    assert people.effective_vip(friend, NOW) is None


@pytest.mark.django_db
def test_who_is_erased_redeems_nothing() -> None:
    somebody, code = person(), code_of(buy("gift_30", now=NOW).pk)
    Person.objects.filter(pk=somebody).update(status="erased", telegram_id=None)
    with pytest.raises(PersonGone):
        services.redeem_gift(person_id=somebody, code=code, now=NOW)
