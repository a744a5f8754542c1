"""The timeline of an update: what the bus tells of it, with the calls that the sandbox was sent meanwhile.

Needs Django set up: import it in the thread that has done so.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from django.db import DatabaseError

from diana import clock
from diana.events.timeline import CallMade, Timeline, add_calls, read_timeline
from diana.sandbox.chat.errors import ChatError
from diana.sandbox.recording import Call

MAX_WORDS = 120


def read(update_id: int, *, admin: str, flower: str) -> Timeline:
    """Return what the bus tells of an update; raise ChatError while the database does not answer."""
    try:
        return read_timeline(f"telegram_update:{update_id}", admin=admin, flower=flower)
    except DatabaseError as error:
        raise ChatError(409, "The database does not answer: look at the logs of `make run`.") from error


def with_calls(found: Timeline, update_id: int, calls: Iterable[Call]) -> dict[str, Any]:
    """Return the timeline with those of the calls that belong to it, as the page gets it."""
    whole: dict[str, Any] = msgspec.to_builtins(add_calls(found, _made(calls)))
    return whole | {"update_id": update_id}


def _made(calls: Iterable[Call]) -> Iterator[CallMade]:
    """Yield the calls in real time: that in which they are recorded may be moved."""
    began = clock.real_now().timestamp() - time.monotonic()
    for call in calls:
        fields = {"chat": call.chat, "status": call.status, "call": call.sequence}
        yield CallMade(began + call.received_monotonic_ns / 1e9, call.method, _words(call), call.event_id, fields)


def _words(call: Call) -> str:
    """Return the beginning of what people see of the call, or why it was refused."""
    answer = call.answer if isinstance(call.answer, dict) else {}
    if call.status != 200:
        return str(answer.get("description", "never answered"))
    shown = answer["result"] if isinstance(answer.get("result"), dict) else call.parameters
    shown = shown | shown.get("invoice", {})
    words = next((shown[name] for name in ("text", "caption", "title", "action") if shown.get(name)), "")
    line = " ".join(str(words).split())
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 1]}…"
