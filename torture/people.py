"""The load: people who write to the bot by its webhook as Telegram delivers it, again and again until it is accepted."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from torture import updates
from torture.model import Kind, Operation, Outcome
from torture.records import Records
from torture.servers import SECRET

HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
THREADS = 6
# Telegram waits longer; people of a short seed must not.
ANSWER_SECONDS, AGAIN_SECONDS = 3.0, 0.25
MAX_MESSAGES = 85
KINDS = {Kind.MESSAGE: 62, Kind.DAILY: 7, Kind.SCREEN: 16, Kind.BUTTON: 6, Kind.EDIT: 4, None: 5}


@dataclass
class Person:
    """Somebody with what they may still say, so that no limit is reached, and Diana's id of them once it is known."""

    telegram_id: int
    messages_left: int = MAX_MESSAGES
    own_id: int | None = None
    accepted: int = 0


class Door:
    """The webhook, for one thread: delivers a body until it is answered."""

    def __init__(self, port: int, records: Records, ended: threading.Event) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS, trust_env=False)
        self._records, self._ended = records, ended

    def post(self, body: bytes, **headers: str) -> Outcome:
        """Deliver it once."""
        try:
            status = self._http.post("/telegram/webhook", content=body, headers=HEADERS | headers).status_code
        except httpx.HTTPError:
            return Outcome.UNKNOWN
        if 200 <= status < 300:
            return Outcome.OK
        return Outcome.REJECTED if 400 <= status < 500 else Outcome.UNKNOWN

    def deliver(self, body: bytes) -> Outcome:
        """Deliver it until there is an answer; unknown only if the torture ended before."""
        while True:
            outcome = self.post(body)
            if outcome is not Outcome.UNKNOWN or self._ended.is_set():
                return outcome
            self._records.count(Outcome.UNKNOWN)
            time.sleep(AGAIN_SECONDS)

    def close(self) -> None:
        """Hang up."""
        self._http.close()


class Load:
    """Everybody who writes, in a few threads; each person belongs to one of them, so that their order is known.

    `stop()` ends new acts; whatever is under way is delivered until `give_up()`.
    """

    def __init__(self, port: int, url: str, records: Records, *, seed: int, people: int, rate: float) -> None:
        self.records = records
        self.people = [Person(updates.FIRST_PERSON + n) for n in range(people)]
        self._port, self._url, self._seed, self._rate = port, url, seed, rate
        self._stopped, self._given_up = threading.Event(), threading.Event()
        self._ids = updates.update_ids(random.Random(f"ids {seed}"))
        self._counting = threading.Lock()
        self._copies = ThreadPoolExecutor(4, thread_name_prefix="copies")
        self._threads = [threading.Thread(target=self._run, args=(n,), name=f"people-{n}") for n in range(THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Say nothing new."""
        self._stopped.set()

    def give_up(self) -> None:
        """Leave unanswered what is unanswered."""
        self._given_up.set()

    def join(self, seconds: float) -> bool:
        """Wait until everything has an answer; say whether it has."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        finished = not any(thread.is_alive() for thread in self._threads)
        self.give_up()
        for thread in self._threads:
            thread.join()
        self._copies.shutdown()
        return finished

    def next_id(self) -> int:
        """Return an update id."""
        with self._counting:
            return next(self._ids)

    def _run(self, number: int) -> None:
        chance = random.Random(f"people {self._seed} {number}")
        mine = self.people[number::THREADS]
        door = Door(self._port, self.records, self._given_up)
        copies = [Door(self._port, self.records, self._given_up) for _ in range(2)]
        period = THREADS / self._rate
        due = time.monotonic()
        while not self._stopped.is_set():
            self._act(chance.choice(mine), chance, door, copies)
            due = max(due + period, time.monotonic() - 1)
            self._stopped.wait(max(0.0, due - time.monotonic()))
        for one in (door, *copies):
            one.close()

    def _act(self, person: Person, chance: random.Random, door: Door, copies: list[Door]) -> None:
        kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind is None:
            self._be_refused(chance, door)
            return
        if kind is Kind.BUTTON and not self._find(person):
            kind = Kind.SCREEN
        if kind is Kind.MESSAGE:
            if not person.messages_left:
                kind = Kind.SCREEN
            else:
                person.messages_left -= 1
        update_id = self.next_id()
        update, chat = self._update(kind, update_id, person, chance)
        said_at = update.get("message", {}).get("date", int(time.time()))
        outcome = self._deliver(updates.encode(update), chance, door, copies)
        if outcome is Outcome.REJECTED:
            self.records.complain(f"a good update was refused: {kind} {update_id}")
        self.records.add(Operation(person.telegram_id, kind, str(update_id), outcome, said_at, chat))
        person.accepted += outcome is Outcome.OK
        if outcome is Outcome.OK:
            self._afterwards(update, person, chance, door)

    def _update(self, kind: Kind, update_id: int, person: Person, chance: random.Random) -> tuple[dict[str, Any], int]:
        """Return the update and the chat in which it was written, or an answer is due."""
        who = person.telegram_id
        home = updates.private_chat(who)
        where = updates.group(chance.randrange(updates.GROUPS)) if chance.random() < 0.7 else home
        match kind:
            case Kind.MESSAGE:
                return updates.message(update_id, who, where, updates.text(chance)), where["id"]
            case Kind.EDIT:
                return updates.message(update_id, who, where, updates.text(chance), kind="edited_message"), who
            case Kind.BUTTON:
                return updates.press(
                    update_id, who, chance.choice(("profile", "points", "top")), person.own_id or 0
                ), who
            case Kind.DAILY:
                return updates.message(update_id, who, home, "/daily"), who
        return updates.message(update_id, who, home, chance.choice(updates.SCREENS)), who

    def _deliver(self, body: bytes, chance: random.Random, door: Door, copies: list[Door]) -> Outcome:
        """Deliver it, sometimes three times at once."""
        if chance.random() >= 0.05:
            return door.deliver(body)
        self.records.count_input("F48 the same update three times at once")
        others = [self._copies.submit(copy.post, body) for copy in copies]
        outcomes = [door.deliver(body), *(other.result() for other in others)]
        return Outcome.OK if Outcome.OK in outcomes else outcomes[0]

    def _afterwards(self, update: dict[str, Any], person: Person, chance: random.Random, door: Door) -> None:
        """Sometimes deliver it once more, as it was or with another body; neither may change anything."""
        choice = chance.random()
        if choice < 0.05:
            self.records.count_input("F48 an update delivered again")
            self._must_be_ok(door.deliver(updates.encode(update)))
        elif choice < 0.09:
            self.records.count_input("F50 another body under a known id")
            other = updates.message(
                update["update_id"], person.telegram_id, updates.private_chat(person.telegram_id), "no"
            )
            self._must_be_ok(door.deliver(updates.encode(other)))
        if update["update_id"] % 8 == 0:
            self.records.count_input("F49 a block of ids out of order")

    def _be_refused(self, chance: random.Random, door: Door) -> None:
        """Send what must be refused: a wrong secret or a broken body."""
        if chance.random() < 0.5:
            body = updates.encode(updates.message(self.next_id(), updates.FIRST_PERSON, updates.group(0), "no"))
            outcome = door.post(body, **{"X-Telegram-Bot-Api-Secret-Token": "wrong"})
        else:
            outcome = door.post(updates.malformed(chance, self.next_id()))
        self.records.count(outcome)
        if outcome is Outcome.OK:
            self.records.complain("what must be refused was accepted")

    def _must_be_ok(self, outcome: Outcome) -> None:
        if outcome is Outcome.REJECTED:
            self.records.complain("a repeated update was refused")

    def _find(self, person: Person) -> bool:
        """Look up Diana's id of the person, which buttons carry; say whether it is known."""
        if person.own_id is None:
            try:
                with psycopg.connect(self._url, connect_timeout=2) as connection:
                    row = connection.execute(
                        "SELECT id FROM users_person WHERE telegram_id = %s", [person.telegram_id]
                    ).fetchone()
            except psycopg.Error:
                return False
            person.own_id = row[0] if row else None
        return person.own_id is not None
