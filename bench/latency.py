"""How long one message takes at 50 updates a second: from the POST to the entry's commit and to the bot's answer."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from django.db import connection

from bench.world import percentiles, wait_until_at_rest
from diana.sandbox.client import SandboxClient

RATE = 50
PEOPLE = 40
# Every so-manieth update is a command that is answered; the others are messages that earn points.
COMMAND_EVERY = 5
FIRST_PERSON, FIRST_UPDATE = 5_000_000, 10_000_000


class Load:
    """Updates at a steady rate over a few kept-alive connections; remembers when each was posted."""

    def __init__(self, port: int, secret: str, *, first_update: int) -> None:
        self._url = f"http://127.0.0.1:{port}/telegram/webhook"
        self._headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        self._local = threading.local()
        self._first_update = first_update
        self.posted: dict[int, float] = {}
        self.statuses: list[int] = []

    def run(self, seconds: float) -> None:
        """Post for so long; each update at its own moment, whether or not earlier ones were answered."""
        started = time.monotonic() + 0.2
        with ThreadPoolExecutor(8) as pool:
            for number in range(int(RATE * seconds)):
                time.sleep(max(0.0, started + number / RATE - time.monotonic()))
                pool.submit(self._post, number)

    def _post(self, number: int) -> None:
        if not hasattr(self._local, "client"):
            self._local.client = httpx.Client(trust_env=False)
        update = _update(number, self._first_update + number)
        self.posted[update["update_id"]] = time.time()
        answer = self._local.client.post(self._url, json=update, headers=self._headers)
        self.statuses.append(answer.status_code)


def _update(number: int, update_id: int) -> dict[str, Any]:
    person = FIRST_PERSON + number % PEOPLE
    text = "/help" if number % COMMAND_EVERY == 0 else f"message {number}"
    message = {
        "message_id": number + 1,
        "from": {"id": person, "is_bot": False, "first_name": f"Member {person}", "language_code": "en"},
        "chat": {"id": person, "type": "private", "first_name": f"Member {person}"},
        "date": int(time.time()),
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": update_id, "message": message}


_COMMITS = """
SELECT u.update_id, extract(epoch FROM pg_xact_commit_timestamp(l.xmin))::float,
    extract(epoch FROM pg_xact_commit_timestamp(e.xmin))::float
FROM bot_update u
JOIN event_log l ON l.correlation_id = u.event_id AND l.type = 'game.message_sent'
JOIN gamification_entry e ON e.event_id = l.event_id
WHERE u.update_id >= %s
"""


def measure(port: int, secret: str, sandbox_url: str, seconds: float) -> dict[str, dict[str, float]]:
    """Return the percentiles in milliseconds; raises AssertionError if anything was lost."""
    Load(port, secret, first_update=FIRST_UPDATE - 1_000_000).run(2)  # opens everybody's account, warms every process
    wait_until_at_rest()
    load = Load(port, secret, first_update=FIRST_UPDATE)
    with SandboxClient(sandbox_url) as sandbox:
        before = max((call.sequence for call in sandbox.calls()), default=0)
        load.run(seconds)
        commands = sum(1 for number in range(int(RATE * seconds)) if number % COMMAND_EVERY == 0)
        rows = _wait_for_entries(len(load.posted) - commands)
        calls = sandbox.calls(method="sendMessage", after=before)
    assert set(load.statuses) == {200}, set(load.statuses)
    assert len(calls) == commands, f"{len(calls)} answers to {commands} commands"
    return {
        "post_to_entry_ms": percentiles([entry - load.posted[update] for update, _, entry in rows]),
        "commit_to_entry_ms": percentiles([entry - event for _, event, entry in rows]),
        "post_to_answer_ms": percentiles(_answer_seconds(load, calls)),
    }


def _answer_seconds(load: Load, calls: list[Any]) -> list[float]:
    """Pair each person's commands with the answers they got, in order."""
    asked: dict[int, list[float]] = {}
    for update, posted in sorted(load.posted.items()):
        number = update - FIRST_UPDATE
        if number % COMMAND_EVERY == 0:
            asked.setdefault(FIRST_PERSON + number % PEOPLE, []).append(posted)
    return [call.received_at - asked[call.chat].pop(0) for call in calls]


def _wait_for_entries(count: int) -> list[tuple[int, float, float]]:
    deadline = time.monotonic() + 30
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_COMMITS, [FIRST_UPDATE])
            rows: list[tuple[int, float, float]] = cursor.fetchall()
        if len(rows) >= count:
            time.sleep(1)  # for the answers
            return rows
        assert time.monotonic() < deadline, f"{len(rows)} of {count} messages have their entry"
        time.sleep(0.2)
