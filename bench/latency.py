"""How long one message takes at 50 updates a second: from the POST to the entry's commit and to the bot's answer."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

from django.db import connection

from bench.world import percentiles, wait_until_at_rest
from diana.sandbox.client import SandboxClient

PEOPLE = 40
# Every so-manieth update is a command that is answered; the others are messages that earn points.
COMMAND_EVERY = 5
FIRST_PERSON = 5_000_000
# Each load has update ids of its own, from its rate times this on.
UPDATES_OF_A_RATE = 100_000


class Load:
    """Updates at a steady rate over a few kept-alive connections; remembers when each was posted."""

    def __init__(self, port: int, secret: str, *, rate: int) -> None:
        self._port = port
        self._headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
        self._local = threading.local()
        self.rate, self.first_update = rate, rate * UPDATES_OF_A_RATE
        self.posted: dict[int, float] = {}
        self.statuses: list[int] = []

    def run(self, seconds: float) -> None:
        """Post for so long; each update at its own moment, whether or not earlier ones were answered."""
        started = time.monotonic() + 0.2
        with ThreadPoolExecutor(8) as pool:
            for number in range(int(self.rate * seconds)):
                time.sleep(max(0.0, started + number / self.rate - time.monotonic()))
                pool.submit(self._post, number)

    def _post(self, number: int) -> None:
        if not hasattr(self._local, "connection"):
            self._local.connection = HTTPConnection("127.0.0.1", self._port)
        update = _update(number, self.first_update + number)
        self.posted[update["update_id"]] = time.time()
        self._local.connection.request("POST", "/telegram/webhook", json.dumps(update), self._headers)
        answer = self._local.connection.getresponse()
        answer.read()
        self.statuses.append(answer.status)


def _update(number: int, update_id: int) -> dict[str, Any]:
    person = FIRST_PERSON + number % PEOPLE
    text = "/help" if _is_command(number) else f"message {number}"
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
WHERE u.update_id >= %s AND u.update_id < %s
"""


def warm_up(port: int, secret: str) -> None:
    """Open everybody's account and have every process see an update."""
    Load(port, secret, rate=20).run(3)
    wait_until_at_rest()


def measure(port: int, secret: str, sandbox_url: str, *, rate: int, seconds: float) -> dict[str, dict[str, float]]:
    """Return the percentiles in milliseconds at so many updates a second; raises AssertionError if anything was lost."""
    load = Load(port, secret, rate=rate)
    with SandboxClient(sandbox_url) as sandbox:
        before = max((call.sequence for call in sandbox.calls()), default=0)
        load.run(seconds)
        wait_until_at_rest()
        commands = sum(1 for update in load.posted if _is_command(update - load.first_update))
        rows = _commits(load)
        calls = sandbox.calls(method="sendMessage", after=before)
    assert set(load.statuses) == {200}, set(load.statuses)
    assert len(calls) == commands, f"{len(calls)} answers to {commands} commands"
    assert len(rows) == len(load.posted) - commands, f"{len(rows)} entries of {len(load.posted) - commands} messages"
    return {
        "post_to_entry_ms": percentiles([entry - load.posted[update] for update, _, entry in rows]),
        "commit_to_entry_ms": percentiles([entry - event for _, event, entry in rows]),
        "post_to_answer_ms": percentiles(_answer_seconds(load, calls)),
    }


def _is_command(number: int) -> bool:
    return number % COMMAND_EVERY == 0


def _answer_seconds(load: Load, calls: list[Any]) -> list[float]:
    """Pair each person's commands with the answers they got, in order."""
    asked: dict[int, list[float]] = {}
    for update, posted in sorted(load.posted.items()):
        number = update - load.first_update
        if _is_command(number):
            asked.setdefault(FIRST_PERSON + number % PEOPLE, []).append(posted)
    return [call.received_at - asked[call.chat].pop(0) for call in calls]


def _commits(load: Load) -> list[tuple[int, float, float]]:
    """Return for each message its update id and when its event and its entry were committed."""
    with connection.cursor() as cursor:
        cursor.execute(_COMMITS, [load.first_update, load.first_update + UPDATES_OF_A_RATE])
        rows: list[tuple[int, float, float]] = cursor.fetchall()
        return rows
