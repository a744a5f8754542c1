"""VIP and payments as people see them, in all languages: short enough for Telegram, and nothing that people wrote as HTML."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import translation

from apps.bot.pages.vip import is_gift
from apps.bot.screens import paysupport, vip
from apps.bot.screens.checkout import DECLINED, declined
from apps.bot.screens.layout import Screen
from apps.payments.products import PRODUCTS
from diana.sandbox.formatting import parse_html
from diana.sandbox.keyboards import check_buttons

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OFFERS = [vip.Offer(product.key, product.kind, product.days, product.stars) for product in PRODUCTS.values()]


@pytest.fixture(params=["en", "es", "ru"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def screens() -> list[Screen]:
    lines = [paysupport.Line(12, 250, NOON.date(), False), paysupport.Line(13, 200, NOON.date(), True)]
    return [
        vip.vip(person_id=7, until=None, subscribed_until=None, offers=OFFERS),
        vip.vip(person_id=7, until=NOON, subscribed_until=NOON, offers=OFFERS),
        vip.gift_bought(person_id=7, code="A" * 16, days=30, link="https://t.me/x?start=g_1&2"),
        vip.gift_redeemed(person_id=7, days=1, until=NOON),
        vip.code_refused(person_id=7),
        vip.too_many_codes(person_id=7),
        paysupport.paysupport(person_id=7, contact="", lines=[]),
        paysupport.paysupport(person_id=7, contact="<@help>", lines=lines),
    ]


def test_they_are_what_telegram_takes(language: str) -> None:
    for screen in screens():
        assert len(parse_html(screen.text).text) < 1000
        check_buttons(screen.keyboard.to_dict() if screen.keyboard else None)


@pytest.mark.parametrize("offer", OFFERS, ids=[offer.key for offer in OFFERS])
def test_bills_fit(language: str, offer: vip.Offer) -> None:
    bill = vip.bill(offer._replace(days=offer.days), payload="p")
    assert 0 < len(bill.title) <= 32
    assert 0 < len(bill.description) <= 255
    assert bill.subscription_days == (30 if offer.kind == "subscription" else 0)


def test_every_no_has_words_that_fit(language: str) -> None:
    words = [declined(verdict) for verdict in (*DECLINED, "unavailable", "made up")]
    assert all(0 < len(text) <= 255 for text in words)
    assert len(set(words)) == len(DECLINED) + 1


def test_who_subscribes_is_not_sold_another_subscription() -> None:
    def sold(screen: Screen) -> str:
        return str(screen.keyboard.to_dict() if screen.keyboard else "")

    free, subscribed = screens()[:2]
    assert "vip_monthly" in sold(free)
    assert "vip_monthly" not in sold(subscribed)
    assert "gift_30" in sold(subscribed)


def test_payloads_of_gifts_are_told_from_others() -> None:
    assert [is_gift(payload) for payload in ("g_ABC", "r_ABC", "", "G_ABC")] == [True, False, False, False]
