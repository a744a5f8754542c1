"""What people are told about money: one message for one purchase, what it was and for whom; links to pass on."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.payments import services
from apps.payments.models import Payment
from apps.users import selectors as people
from apps.users import services as users
from apps.users.models import Person
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import choose, last_bill, pay
from tests.bot.updates import ADA, answer, say, texts, user
from tests.payments.paying import STAFF

__all__ = ["sandbox"]

BOB = ADA + 1


def told_of(sandbox: Sandbox, product: str, *, charge: str | None = None) -> list[str]:
    """Return the messages that paying for the product brings its buyer."""
    if charge is None:
        choose(product)
        answer()
    before = len(texts(sandbox))
    pay(sandbox, last_bill().payload, charge=charge)
    drain()
    return texts(sandbox)[before:]


def shared(sandbox: Sandbox, chat: int = ADA) -> dict[str, str]:
    """Return what the last button to pass something on would have Telegram share."""
    [button] = [
        button
        for call in sandbox.calls(method="sendMessage", chat=chat)[-1:]
        for row in call.parameters["reply_markup"]["inline_keyboard"]
        for button in row
        if "url" in button
    ]
    address = urlsplit(button["url"])
    assert (address.scheme, address.netloc, address.path) == ("https", "t.me", "/share/url")
    return {name: value for name, [value] in parse_qs(address.query).items()}


@pytest.mark.parametrize(
    ("product", "says"),
    [
        ("vip_30", ["VIP for 30 days", "250 ⭐", "You are VIP until", "No. "]),
        ("vip_90", ["VIP for 90 days", "650 ⭐", "You are VIP until"]),
        ("vip_monthly", ["VIP every month", "200 ⭐", "You are VIP until", "renews on"]),
        ("gift_30", ["VIP for 30 days", "250 ⭐", "<code>", "does not expire", "for somebody else"]),
    ],
)
def test_one_purchase_is_one_message_that_says_what_and_for_whom(
    sandbox: Sandbox, product: str, says: list[str]
) -> None:
    [told] = told_of(sandbox, product)
    assert [words for words in says if words not in told] == []
    assert ("You are VIP" in told) == (product != "gift_30"), "a gift is nobody's VIP yet"
    payment = Payment.objects.get()
    assert f"No. {payment.pk}" in told
    if payment.recurring:
        [again] = told_of(sandbox, product, charge=payment.charge)
        assert "renewed" in again
        assert "200 ⭐" in again


def test_a_gift_is_passed_on_with_a_button_and_told_once_where_it_is_redeemed(sandbox: Sandbox) -> None:
    [told] = told_of(sandbox, "gift_30")
    code = told.split("<code>")[1].split("</code>")[0]
    passed_on = shared(sandbox)
    assert passed_on["url"] == f"https://t.me/diana_sandbox_bot?start=g_{code}"
    assert "VIP for 30 days" in passed_on["text"]
    say(f"/start g_{code}", sender=user(BOB))
    answer()
    drain()
    [received] = texts(sandbox, BOB)
    assert "VIP for 30 days" in received
    assert "50%" in received
    bob = people.person_of(BOB)
    assert bob is not None
    # What staff give is told by itself, at any hour of those who have no quiet ones: nobody has asked for it.
    Person.objects.update(preferences={"quiet_from": 3, "quiet_until": 3})
    how: dict[str, Any] = {"source": "gift", "days": 3, "reason": "r", "actor": STAFF, "now": clock.now()}
    users.grant_vip(person_id=people.person_of(ADA) or 0, **how)
    drain()
    assert "You are VIP until" in texts(sandbox)[-1]


def test_whose_gift_has_no_key_any_more_hears_of_the_payment(sandbox: Sandbox, settings: Any) -> None:
    choose("gift_30")
    answer()
    before = len(texts(sandbox))
    pay(sandbox, last_bill().payload)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, []
    drain()
    [told] = texts(sandbox)[before:]
    assert "250 ⭐" in told
    assert "/paysupport" in told


def test_an_invitation_is_passed_on_with_a_button(sandbox: Sandbox) -> None:
    say("/start")
    answer()
    say("/invite")
    answer()
    passed_on = shared(sandbox)
    assert passed_on["url"].startswith("https://t.me/diana_sandbox_bot?start=r_")
    assert passed_on["url"] in texts(sandbox)[-1]
    assert passed_on["text"].strip()


def test_vip_says_what_it_gives_what_it_costs_and_what_longer_plans_save(sandbox: Sandbox) -> None:
    say("/vip")
    answer()
    shown = texts(sandbox)[-1]
    for words in ("+50%", "VIP for 90 days · 650 ⭐ · 13% off", "VIP every month · 200 ⭐ · 20% off", "no points"):
        assert words in shown
    assert "VIP for 30 days · 250 ⭐\n" in shown
    assert "You are not VIP" not in shown
    told_of(sandbox, "vip_30")
    services.create_invoice(person_id=people.person_of(ADA) or 0, product="vip_90", now=clock.now())
    say("/vip")
    answer()
    assert "You are VIP until" in texts(sandbox)[-1]
