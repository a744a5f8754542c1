"""What is sold to whom, and why something cannot be paid."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from apps.bot.pages.vip import is_gift
from apps.bot.screens import plans, vip
from apps.bot.screens.checkout import DECLINED, declined
from apps.bot.screens.layout import Screen
from apps.payments.products import PRODUCTS, Product, saving_percent
from apps.users.vip import GRACE

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OFFERS = [plans.Offer(product.key, product.kind, product.days, product.stars) for product in PRODUCTS.values()]


@pytest.fixture(params=["en", "es", "ru"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


@pytest.mark.parametrize("offer", OFFERS, ids=[offer.key for offer in OFFERS])
def test_only_a_subscription_renews(offer: plans.Offer) -> None:
    assert vip.bill(offer, person_id=7, payload="p", bonus=50).subscription_days == (
        30 if offer.kind == "subscription" else 0
    )


def test_every_no_has_words_that_fit(language: str) -> None:
    words = [declined(verdict) for verdict in (*DECLINED, "unavailable", "made up")]
    assert all(0 < len(text) <= 255 for text in words)
    assert len(set(words)) == len(DECLINED) + 1


def test_who_subscribes_is_not_sold_another_subscription() -> None:
    def sold(screen: Screen) -> str:
        return str(screen.keyboard.to_dict() if screen.keyboard else "")

    free = vip.vip(person_id=7, until=None, subscribed_until=None, bonus=50, offers=OFFERS)
    subscribed = vip.vip(person_id=7, until=NOON, subscribed_until=NOON, bonus=50, offers=OFFERS)
    assert "vip_monthly" in sold(free)
    assert "vip_monthly" not in sold(subscribed)
    assert "gift_30" in sold(subscribed)


def test_longer_plans_say_what_they_save_and_never_too_much() -> None:
    saved = {product.key: saving_percent(product) for product in PRODUCTS.values()}
    assert saved == {"vip_monthly": 20, "vip_30": 0, "vip_90": 13, "gift_30": 0}
    assert saving_percent(Product("dear", "once", 90, 800)) == 0


def test_the_grace_that_is_promised_is_the_one_that_is_given() -> None:
    assert timedelta(hours=vip.GRACE_HOURS) == GRACE


def test_payloads_of_gifts_are_told_from_others() -> None:
    assert [is_gift(payload) for payload in ("g_ABC", "r_ABC", "", "G_ABC")] == [True, False, False, False]
