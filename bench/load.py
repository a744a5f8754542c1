"""People who write to the webhook at a steady rate, and when each of their updates was posted."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

THREADS = 8
# Each load has update ids of its own.
UPDATES_OF_A_LOAD = 1_000_000


class Crowd(NamedTuple):
    """Who writes: so many people a load, so many updates a second, every so-manieth of them a command that is answered."""

    people: int
    rate: int
    command_every: int
    number: int

    @property
    def first_update(self) -> int:
        """The first update id of this crowd's load."""
        return self.number * UPDATES_OF_A_LOAD

    @property
    def first_person(self) -> int:
        """The Telegram id of its first member."""
        return 5_000_000 + self.number * 10_000

    def is_command(self, number: int) -> bool:
        """Say whether the update of that number is answered."""
        return number % self.command_every == 0

    def person(self, number: int) -> int:
        """Return who sends the update of that number."""
        return self.first_person + number % self.people


class Load:
    """Updates over a few kept-alive connections, each at its own moment, whether or not earlier ones were answered."""

    def __init__(self, port: int, secret: str, crowd: Crowd) -> None:
        self._port, self._secret, self.crowd = port, secret, crowd
        self._local = threading.local()
        self.posted: dict[int, float] = {}
        self.answered: dict[int, float] = {}
        self.statuses: list[int] = []

    @property
    def commands(self) -> int:
        """How many of the posted updates are commands."""
        return sum(self.crowd.is_command(update - self.crowd.first_update) for update in self.posted)

    def run(self, seconds: float) -> None:
        """Post for so long."""
        started = time.monotonic() + 0.2
        with ThreadPoolExecutor(THREADS) as pool:
            for number in range(int(self.crowd.rate * seconds)):
                time.sleep(max(0.0, started + number / self.crowd.rate - time.monotonic()))
                pool.submit(self.post, number)

    def post(self, number: int) -> None:
        """Post the update of that number and wait for its answer."""
        update_id = self.crowd.first_update + number
        body = json.dumps(_update(self.crowd, number, update_id)).encode()
        head = (
            f"POST /telegram/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {self._secret}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.posted[update_id] = time.time()
        connection = self._connection()
        connection.sendall(head.encode() + body)
        self.statuses.append(_status(connection))
        self.answered[update_id] = time.time()

    def _connection(self) -> socket.socket:
        found: socket.socket | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = socket.create_connection(("127.0.0.1", self._port), timeout=30)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found


def _status(connection: socket.socket) -> int:
    """Read one answer, whose body the webhook leaves empty, and return its status."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connection.recv(4096)
        assert part, "the door closed the connection"
        answer += part
    return int(answer.split(b" ", 2)[1])


# Where what counts is written.
GROUP = {"id": -100_900, "type": "supergroup", "title": "Members"}


def _update(crowd: Crowd, number: int, update_id: int) -> dict[str, Any]:
    person = crowd.person(number)
    commanded = crowd.is_command(number)
    text = "/help" if commanded else f"message {number}"
    home = {"id": person, "type": "private", "first_name": f"Member {person}"}
    message = {
        "message_id": number + 1,
        "from": {"id": person, "is_bot": False, "first_name": f"Member {person}", "language_code": "en"},
        "chat": home if commanded else GROUP,
        "date": int(time.time()),
        "text": text,
    }
    if commanded:
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": update_id, "message": message}
