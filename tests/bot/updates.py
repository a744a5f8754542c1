"""Updates as Telegram sends them, and what came of them."""

import itertools
import json
from datetime import datetime
from typing import Any

from django.conf import settings

from apps.bot.models import Update
from diana import clock
from diana.events.models import StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from tests.door import DoorClient

ADA = 4_711
_ids = itertools.count(1_000)


def user(telegram_id: int = ADA, **fields: Any) -> dict[str, Any]:
    return {"id": telegram_id, "is_bot": False, "first_name": "Ada", "language_code": "en"} | fields


def private_chat(telegram_id: int = ADA) -> dict[str, Any]:
    return {"id": telegram_id, "type": "private", "first_name": "Ada"}


GROUP = {"id": -100_500, "type": "supergroup", "title": "Analysts"}


def message(
    text: str, *, sender: dict[str, Any] | None = None, chat: dict[str, Any] | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """The body of a text message; a leading slash makes it a command."""
    sender = sender or user()
    body: dict[str, Any] = {
        "message_id": next(_ids),
        "date": int((at or clock.now()).timestamp()),
        "from": sender,
        "chat": chat or private_chat(sender["id"]),
        "text": text,
    }
    if text.startswith("/"):
        body["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
    return body


def update(kind: str = "message", body: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"update_id": next(_ids), kind: body or message("hello")} | fields


def press(data: str, *, sender: dict[str, Any] | None = None, message_id: int = 1) -> dict[str, Any]:
    """A pressed button under the bot's first message to the person."""
    sender = sender or user()
    hanging = message("a screen", sender={"id": 1, "is_bot": True, "first_name": "Diana"})
    hanging |= {"message_id": message_id, "chat": private_chat(sender["id"])}
    query = {"id": str(next(_ids)), "from": sender, "message": hanging, "chat_instance": "1", "data": data}
    return update("callback_query", query)


def deliver(body: dict[str, Any] | bytes, **headers: str) -> int:
    """Post to the webhook as Telegram does; return the status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = DoorClient().post(
        "/telegram/webhook",
        raw,
        content_type="application/json",
        headers={"X-Telegram-Bot-Api-Secret-Token": settings.TELEGRAM_WEBHOOK_SECRET} | headers,
    )
    return response.status_code


def say(text: str, **fields: Any) -> Update:
    """Deliver a text message and return its row."""
    sent = update(body=message(text, **fields))
    assert deliver(sent) == 200
    return Update.objects.get(update_id=sent["update_id"])


def answer() -> None:
    """Handle what came in, and nothing that follows from it."""
    drain("bot.handle_update", "bot.take_messages")


def events(*types: str) -> list[tuple[str, Any]]:
    rows = StoredEvent.objects.order_by("id").values_list("type", "payload")
    return [(type_, json.loads(payload)) for type_, payload in rows if type_ in types]


def texts(sandbox: Sandbox, chat: int = ADA) -> list[str]:
    return [call.parameters["text"] for call in sandbox.calls(method="sendMessage", chat=chat)]


def redraws(sandbox: Sandbox) -> list[Any]:
    """Return the calls that put a screen in place of another; what an act earned is told by an edit, too."""
    return [call for call in sandbox.calls(method="editMessageText") if "\n\n✨ " not in call.parameters["text"]]
