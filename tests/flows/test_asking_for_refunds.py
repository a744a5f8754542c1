"""Whoever wants Stars back asks for them below /paysupport, and gets the answer of staff in their own language."""

import re
from datetime import timedelta
from typing import Any

from apps.payments import services
from apps.payments.models import Payment, RefundRequest
from apps.users import selectors as people
from apps.users.models import Person
from diana import clock
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.bot.stars import choose, last_bill, pay
from tests.bot.updates import ADA, answer, deliver, press, say, texts, user
from tests.payments.paying import STAFF

__all__ = ["sandbox"]


def buy(sandbox: Sandbox, product: str) -> Payment:
    choose(product)
    answer()
    pay(sandbox, last_bill().payload)
    drain()
    return Payment.objects.latest("id")


def last(sandbox: Sandbox) -> dict[str, Any]:
    """Return the screen that was sent or drawn last."""
    return sandbox.calls(chat=ADA)[-1].parameters


def buttons(screen: dict[str, Any]) -> dict[str, str]:
    """Return what the buttons carry, by label."""
    return {b["text"]: b.get("callback_data", "") for row in screen["reply_markup"]["inline_keyboard"] for b in row}


def push(sandbox: Sandbox, label: str) -> dict[str, Any]:
    """Press the button whose label begins so below the last screen, twice; return what was drawn."""
    [data] = {data for text, data in buttons(last(sandbox)).items() if text.startswith(label)}
    for _ in range(2):
        assert deliver(press(data)) == 200
    answer()
    return last(sandbox)


def support(sandbox: Sandbox) -> dict[str, Any]:
    say("/paysupport")
    answer()
    return last(sandbox)


def test_a_refund_is_asked_for_declined_in_ones_language_and_another_given(sandbox: Sandbox, settings: Any) -> None:
    settings.SUPPORT_CONTACT = "@community_help"
    vip, gift = buy(sandbox, "vip_30"), buy(sandbox, "gift_30")
    shown = support(sandbox)
    for words in ("@community_help", f"No. {vip.pk}", "VIP for 30 days", "250 ⭐", "for you", "not used yet"):
        assert words in shown["text"]
    offered = [label for label in buttons(shown) if label.startswith("↩️")]
    assert [re.sub(r"\D", "", label) for label in offered] == [str(gift.pk), str(vip.pk)]

    asked = push(sandbox, f"↩️ Ask for a refund: No. {vip.pk}")
    assert not RefundRequest.objects.exists(), "one tap may have been a mistake"
    assert "250 ⭐" in asked["text"]
    asked = push(sandbox, "Yes")
    request = RefundRequest.objects.get()
    assert (request.payment_id, request.state) == (vip.pk, "open")
    assert "you asked for it back" in asked["text"]
    assert not [label for label in buttons(asked) if label.startswith("↩️")], "one at a time"

    Person.objects.update(language="es")
    before = len(texts(sandbox))
    services.decline_refund(request_id=request.pk, answer="Ya usaste <10> días.", actor=STAFF, now=clock.now())
    drain()
    [told] = texts(sandbox)[before:]
    assert "Ya usaste &lt;10&gt; días." in told
    assert "VIP por 30 días" in told
    assert "Ya usaste &lt;10&gt; días." in support(sandbox)["text"]

    push(sandbox, "↩️")
    push(sandbox, "Sí")
    services.request_refund(payment_id=gift.pk, reason="r", actor=STAFF, key="k", now=clock.now())
    before = len(texts(sandbox))
    drain()
    assert sandbox.count()["methods"]["refundStarPayment"] == 1
    [told] = texts(sandbox)[before:]
    assert "250 ⭐" in told
    assert f"{gift.pk}" in told
    assert RefundRequest.objects.get(payment=gift).state == "accepted"


def test_what_cannot_be_asked_for_changes_nothing(sandbox: Sandbox) -> None:
    payment = buy(sandbox, "vip_30")
    me, bob = people.person_of(ADA), ADA + 1
    say("/paysupport", sender=user(bob))
    answer()
    theirs = people.person_of(bob)
    for owner, payer, number in (
        (theirs, bob, payment.pk),
        (me, ADA, 2**63 - 1),
        (me, ADA, "x"),
        (me, ADA, "9" * 30),
        (me, ADA, "²"),
    ):
        for verb in ("ask", "yes"):
            assert deliver(press(f"v1|paysupport|{verb}|{owner}.{number}", sender=user(payer))) == 200
            answer()
    assert not RefundRequest.objects.exists()
    assert "Help with payments" in last(sandbox)["text"]


def test_somebody_suspended_or_leaving_gets_the_answer_too(sandbox: Sandbox) -> None:
    payment = buy(sandbox, "vip_30")
    services.ask_for_refund(person_id=payment.person_id, payment_id=payment.pk, now=clock.now())
    Person.objects.update(status="suspended")
    before = len(texts(sandbox))
    request = RefundRequest.objects.get()
    services.decline_refund(request_id=request.pk, answer="No.", actor=STAFF, now=clock.now() + timedelta(seconds=1))
    drain()
    assert len(texts(sandbox)) == before + 1
