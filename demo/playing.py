"""Telegram's part: delivers the updates to the webhook, one after the other, and reads in the sandbox what came back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import msgspec

from demo.conversation import Line, dated
from demo.errors import DemoError
from diana.sandbox.client import SandboxClient
from diana.sandbox.recording import Call

# How Telegram names it.
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
TIMEOUT_SECONDS = 10.0


def deliver(lines: Sequence[Line], *, url: str, secret: str, start: int) -> Counter[int]:
    """Post every update and return how often the webhook answered with each status; raises DemoError at a wrong one."""
    statuses = Counter[int]()
    with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        for number, line in enumerate(lines, 1):
            status = _post(client, url, dated(line.update, start), line.secret or secret)
            if status != line.status:
                raise DemoError(f"The webhook answered line {number} with {status} instead of {line.status}.")
            statuses[status] += 1
    return statuses


def _post(client: httpx.Client, url: str, update: Any, secret: str) -> int:
    headers = {SECRET_HEADER: secret, "Content-Type": "application/json"}
    try:
        return client.post(url, content=msgspec.json.encode(update), headers=headers).status_code
    except httpx.TransportError as error:
        raise DemoError(f"The webhook at {url} does not answer: {error!r}.") from error


class Answer(msgspec.Struct, frozen=True):
    """A message of the bot: for whom it is, by the demo's name, and what it says."""

    person: str
    text: str


def read_answers(sandbox: SandboxClient, lines: Sequence[Line], names: dict[int, str]) -> list[Answer]:
    """Return what the bot has sent, in order. In a group an answer is for whoever wrote the message it replies to."""
    writers = dict(_writers(lines))
    calls = [call for call in sandbox.calls(method="sendMessage") if call.status == 200]
    return [Answer(_addressee(call, writers, names), str(call.parameters.get("text", ""))) for call in calls]


def _addressee(call: Call, writers: dict[tuple[int, int], int], names: dict[int, str]) -> str:
    chat = call.chat or 0
    replied = call.parameters.get("reply_parameters") or {}
    telegram_id = chat if chat > 0 else writers.get((chat, replied.get("message_id", 0)), chat)
    return names.get(telegram_id, f"chat {telegram_id}")


def _writers(lines: Sequence[Line]) -> Iterator[tuple[tuple[int, int], int]]:
    for line in lines:
        if message := line.update.get("message"):
            yield (message["chat"]["id"], message["message_id"]), message["from"]["id"]
