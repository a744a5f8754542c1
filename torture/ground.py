"""Diana in one process for the planted bugs: the real webhook, waker, flags, tasks, relay and senders, carried by threads.

What Celery carries is carried by a queue here, so that a scenario takes seconds. An accident is what a SIGKILL does: the
sessions of a thread are closed in the middle and it never says why. To be used in a process of its own (sensitivity.py).
"""

import asyncio
import functools
import itertools
import json
import logging
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import celery.app.task
from django.conf import settings
from django.db import connection, connections, transaction

from diana.events import relay, senders, subscriptions
from diana.sandbox.running import Sandbox
from tests.door import DoorClient
from torture import answers, updates
from torture.answers import Answers
from torture.judging import Findings, judge, unfinished
from torture.model import Kind, Operation, Outcome
from torture.observing import Seen, observe

logger = logging.getLogger(__name__)

WORKERS, PEOPLE_AT_ONCE = 3, 3
ATTEMPTS = 40
# What comes twice may come a moment later.
LATE_SECONDS = 0.3


class PlaceGone(AttributeError):
    """What is to be replaced has another name now: adapt torture/planted.py, scenarios.py or ground.py."""


def replace(owner: Any, name: str, value: Any) -> Any:
    """Put something in the place of a function or setting of the application and return what was there."""
    if not hasattr(owner, name):
        raise PlaceGone(f"{owner!r} has no {name} any more. {PlaceGone.__doc__}")
    original = getattr(owner, name)
    setattr(owner, name, value)
    return original


class Killed(BaseException):
    """The process is gone: nobody may catch this and go on."""


class Said(logging.Handler):
    """Keeps what senders say of second calls."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(record.getMessage())


class Ground:
    """People, workers and a relay, and what they did."""

    def __init__(self, url: str, sandbox: Sandbox, *, with_relay: bool = True) -> None:
        self.url, self.sandbox, self.with_relay = url, sandbox, with_relay
        self.operations: list[Operation] = []
        self.chance = random.Random(11)
        self.loses_wakes = 0.0
        self.waited_seconds = 0.0
        self.kept_open: object = None
        self._ids = updates.update_ids(random.Random(5))
        self._lock = threading.Lock()
        self._tasks: queue.Queue[tuple[Any, Sequence[Any]]] = queue.Queue()
        self._ended = threading.Event()
        self._clients = threading.local()
        self._said = Said()
        logging.getLogger("diana.events.delivery_claims").addHandler(self._said)

    # People

    def say(self, person: int, text: str, *, kind: Kind = Kind.MESSAGE, copies: int = 1) -> None:
        """Deliver something the person says until it is accepted, as Telegram would, and some copies after that."""
        with self._lock:
            update_id = next(self._ids)
        who = updates.FIRST_PERSON + person
        name = "edited_message" if kind is Kind.EDIT else "message"
        chat = updates.private_chat(who) if text.startswith("/") else updates.group(0)
        update = updates.message(update_id, who, chat, text, kind=name)
        outcome = Outcome.UNKNOWN
        for _ in range(ATTEMPTS):
            outcome = self.post(update)
            if outcome is not Outcome.UNKNOWN:
                break
        assert outcome is not Outcome.REJECTED, "a good update was refused"
        for _ in range(copies - 1):
            self.post(update)
        self.keep(Operation(who, kind, str(update_id), outcome, update[name]["date"], chat["id"]))

    def post(self, update: dict[str, Any]) -> Outcome:
        """Deliver an update once."""
        if not hasattr(self._clients, "client"):
            self._clients.client = DoorClient(raise_request_exception=False, SERVER_NAME="localhost")
        try:
            status = self._clients.client.post(
                "/telegram/webhook",
                json.dumps(update),
                content_type="application/json",
                headers={"X-Telegram-Bot-Api-Secret-Token": settings.TELEGRAM_WEBHOOK_SECRET},
            ).status_code
        except Killed:
            return Outcome.UNKNOWN
        return Outcome.OK if status == 200 else Outcome.UNKNOWN if status >= 500 else Outcome.REJECTED

    def keep(self, operation: Operation) -> None:
        """Remember what was done."""
        with self._lock:
            self.operations.append(operation)

    def all_at_once(self, *parts: Callable[[], object]) -> None:
        """Run these side by side, a few at a time."""
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
            for future in [pool.submit(closing, part) for part in parts]:
                future.result()

    # Workers

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Have tasks carried and done, and the relay look after them, while the block runs."""
        settings.EVENTS_RELAY_INTERVAL_SECONDS = 0.1
        settings.EVENTS_BACKOFF_SECONDS = 0.05
        replace(celery.app.task.Task, "apply_async", self._carry())
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(WORKERS)]
        watching = relay.Relay()
        if self.with_relay:
            threads.append(threading.Thread(target=closing, args=(watching.run,), daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            watching.stop()

    def carry_nothing(self) -> None:
        """Let wake-ups vanish: what is to be done is done by the scenario itself."""
        replace(celery.app.task.Task, "apply_async", lambda *given, **named: None)

    def _carry(self) -> Callable[..., None]:
        def apply_async(task: Any, args: Sequence[Any] = (), *more: Any, **options: Any) -> None:
            by_relay = any("relay" in str(arg) for arg in args)
            if by_relay or self.chance.random() >= self.loses_wakes:
                self._tasks.put((task, args))

        return apply_async

    def _work(self) -> None:
        while not self._ended.is_set():
            try:
                task, args = self._tasks.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                task.run(*args)
            except Killed:
                connections.close_all()
            except Exception as error:
                logger.debug("a task failed: %s", error)
                connections.close_all()

    # Judgement

    def observe(self) -> Seen:
        """Return what has become of it."""
        calls = self.sandbox.calls(method="sendMessage")
        return observe(self.url, answers=Counter(c.chat for c in calls if c.chat is not None and c.status == 200))

    def judge(self, patience_seconds: float) -> Findings:
        """Wait until all is there, at most so long, and a moment for what comes twice; return what is wrong."""
        assert sum(operation.outcome is Outcome.OK for operation in self.operations) > 10, "hardly anything was done"
        began = time.monotonic()
        while unfinished(self.operations, self.observe()) and self.waited_seconds < patience_seconds:
            time.sleep(0.05)
            self.waited_seconds = time.monotonic() - began
        time.sleep(LATE_SECONDS)
        findings = judge(self.operations, self.observe())
        sent = Answers(answers.arrived(self.sandbox.calls(method="sendMessage")), answers.named(self._said.lines))
        for note in answers.without_a_cause(sent, None):
            findings.note("uncaused", 1, note)
        return findings


def closing(function: Callable[[], object]) -> object:
    """Run the function and close what its thread has opened."""
    try:
        return function()
    finally:
        connections.close_all()


def die() -> None:
    """Be gone as by SIGKILL: this thread's sessions and the sender's end at once."""
    connection.close() if connection.connection is None else connection.connection.close()
    raise Killed


def die_sending() -> None:
    """Be gone with deliveries in hand: whose lock says that they live."""
    with senders._owner._lock:
        senders._owner._identity = 0
        if senders._owner._session is not None:
            senders._owner._session.close()
    raise Killed


# What becomes of one call after the other: the same in every run, and each place comes up however few calls there are.
PLACES = ("inside", "", "after", "", "before", "")
SENDERS_PLACES = ("", "before", "", "", "after", "")
# An event during which a process ends three times is given up, as it should be: nobody is that unlucky here.
DEATHS_OF_AN_EVENT = 2


class Accidents:
    """Which accident happens to which call. To be called from several threads."""

    def __init__(self, places: Sequence[str]) -> None:
        self._places = itertools.cycle(places)
        self._deaths: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def next(self, subscriber: str, envelopes: Sequence[Any]) -> str:
        """Return where the process that handles these is to end, or nothing."""
        events = [(subscriber, envelope.position) for envelope in envelopes]
        with self._lock:
            if max(self._deaths[event] for event in events) >= DEATHS_OF_AN_EVENT:
                return ""
            place = next(self._places)
            self._deaths.update(events if place else ())
        return place


def install_accidents() -> None:
    """Have workers die before their effects, inside the transaction, after its commit; senders around their calls."""
    original, accidents = subscriptions.Subscriber.handle, Accidents(PLACES)

    @functools.wraps(original)
    def handle(self: subscriptions.Subscriber, envelopes: Any) -> None:
        place = accidents.next(self.name, envelopes)
        if place == "before":
            die()
        original(self, envelopes)
        if place == "inside":
            die()
        if place == "after":
            transaction.on_commit(die)

    replace(subscriptions.Subscriber, "handle", handle)
    of_senders = Accidents(SENDERS_PLACES)
    for subscriber in subscriptions.subscribers():
        if subscriber.external:
            subscriber.function = _unreliable(subscriber.name, subscriber.function, of_senders)


def _unreliable(name: str, function: Callable[..., Any], accidents: Accidents) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(envelope: Any) -> object:
        place = accidents.next(name, [envelope])
        if place == "before":
            die_sending()
        result = await function(envelope)
        if place == "after":
            die_sending()
        return result

    return call


def install_meanwhile(act: Callable[[Any], None]) -> None:
    """Have something happen, in a thread of its own, when a subscriber has read an event and not begun to handle it."""
    original = subscriptions.Subscriber.handle

    @functools.wraps(original)
    def handle(self: subscriptions.Subscriber, envelopes: Any) -> None:
        for envelope in envelopes:
            _elsewhere(act, envelope)
        original(self, envelopes)

    replace(subscriptions.Subscriber, "handle", handle)
    for subscriber in subscriptions.subscribers():
        if subscriber.external:
            subscriber.function = _meanwhile(subscriber.function, act)


def _meanwhile(function: Callable[..., Any], act: Callable[[Any], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(envelope: Any) -> object:
        await asyncio.to_thread(_elsewhere, act, envelope)
        return await function(envelope)

    return call


def _elsewhere(act: Callable[[Any], None], envelope: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(closing, functools.partial(act, envelope)).result()
