"""Telegram's side of a payment: asks the webhook, takes the Stars in the sandbox, tells the webhook."""

import json
from typing import Any

import httpx
from django.conf import settings
from django.http import HttpResponse

from apps.payments.models import Invoice
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, deliver, message, press, say, update, user
from tests.door import DoorClient
from tests.sandbox.conftest import PLAIN


def post(body: dict[str, Any]) -> HttpResponse:
    """Deliver an update and return the whole response."""
    return DoorClient().post(
        "/telegram/webhook",
        json.dumps(body).encode(),
        content_type="application/json",
        headers={"X-Telegram-Bot-Api-Secret-Token": settings.TELEGRAM_WEBHOOK_SECRET},
    )


def question(payload: str, stars: int, *, payer: int = ADA, **changes: Any) -> dict[str, Any]:
    """The update that asks whether somebody may pay; its id is that of the query."""
    asked = update("pre_checkout_query", {"x": 1})
    query = {"id": str(asked["update_id"]), "from": user(payer), "currency": "XTR", "total_amount": stars}
    asked["pre_checkout_query"] = query | {"invoice_payload": payload} | changes
    return asked


def ask(sandbox: Sandbox, payload: str, stars: int, **changes: Any) -> bool:
    """Ask the webhook and carry out the one call in its response, as Telegram does; return the answer."""
    asked = question(payload, stars, **changes)
    query = asked["pre_checkout_query"]["id"]
    sandbox.ask_pre_checkout(query)
    response = post(asked)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    call = json.loads(response.content)
    assert call["pre_checkout_query_id"] == query
    with httpx.Client(base_url=f"{sandbox.base_url}{sandbox.token}/", **PLAIN) as telegram:
        carried = telegram.post(call.pop("method"), json=call)
    assert carried.json() == {"ok": True, "result": True}, carried.text
    answer = sandbox.pre_checkout_answer(query)
    assert answer is not None
    return answer


def paid_update(told: dict[str, Any], *, payer: int = ADA) -> dict[str, Any]:
    """The update that tells of a payment."""
    body = message("", sender=user(payer))
    del body["text"]
    return update(body=body | {"successful_payment": told})


def pay(sandbox: Sandbox, payload: str, *, payer: int = ADA, charge: str | None = None) -> dict[str, Any]:
    """Take the Stars, tell the webhook, return what it was told."""
    told = sandbox.pay(payer, payload, charge=charge)
    assert deliver(paid_update(told, payer=payer)) == 200
    return told


def choose(product: str, *, payer: int = ADA) -> None:
    """Press the button of a product."""
    from apps.users.selectors import person_of

    say("/vip", sender=user(payer))
    assert deliver(press(f"v1|vip|buy|{person_of(payer)}.{product}", sender=user(payer))) == 200


def last_bill() -> Invoice:
    return Invoice.objects.latest("id")
