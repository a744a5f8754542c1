"""The bus against its model: whatever happens in whatever order, effects come once, in order, and nothing is lost.

Real PostgreSQL, real commits, another connection for the open transaction. STATE_MACHINE_EXAMPLES makes it look longer.
"""

import contextlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db import connections as databases
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from diana.audit import Actor
from diana.events import (
    Envelope,
    Permanent,
    Publication,
    Retry,
    cursors,
    drain,
    failures,
    publish_many,
    retries,
    together,
    waker,
)
from diana.events.lanes import lane_of
from diana.events.locks import lane_locks
from diana.events.models import Failure
from diana.events.subscriptions import Subscriber
from diana.events.testing import _drain_one
from tests.events import bus_model
from tests.events.bus_model import ERROR, FINE, PERMANENT, RETRY, TRANSIENT, Model
from tests.events.conftest import Clock, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, BORIS, LANE

STAFF = Actor(None, "somebody", "command")
DORA = next(person for person in range(1, 100) if lane_of(str(person)) == LANE + 1)
LANES = {str(ANNA): LANE, str(BORIS): LANE, str(DORA): LANE + 1}
NAMES = ["machine.single_free", "machine.single_ordered", "machine.batch_free", "machine.batch_ordered"]
KINDS = [FINE, ERROR, RETRY, PERMANENT, TRANSIENT]
ERRORS: dict[str, Callable[[], Exception]] = {
    ERROR: lambda: ValueError("as told"),
    RETRY: lambda: Retry(after=bus_model.RETRY_AFTER),
    PERMANENT: lambda: Permanent("as told"),
    TRANSIENT: lambda: OperationalError("as told"),
}
EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "15"))
SETTINGS = settings(
    max_examples=EXAMPLES, stateful_step_count=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
# To find a planted bug once is enough; with this seed it takes a handful of examples, with any other some dozens.
SEED = 2
FINDING = settings(
    SETTINGS,
    max_examples=150,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


class World:
    """What lives as long as the test: subscribers, their moods, the table of effects, the clock, the other connection."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self.clock, self.moods, self.numbers = clock, dict[tuple[str, int], str](), 0
        self.subscribers: dict[str, Subscriber] = {}
        self.ordered: dict[str, bool] = {}
        for name in NAMES:
            batch, ordered = "batch" in name, "ordered" in name
            added = register(self._handler(name, batch=batch), name=name, batch=batch, ordered=ordered)
            self.subscribers[name], self.ordered[name] = added, ordered
        self.other = ThreadPoolExecutor(1)

    def _handler(self, name: str, *, batch: bool) -> Callable[[Any], None]:
        def handle(envelopes: Sequence[Envelope]) -> None:
            for envelope in envelopes:
                number = envelope.fields["number"]
                # The effect comes first, so that a failure has something to take back.
                with connection.cursor() as cursor:
                    cursor.execute(
                        "INSERT INTO effect (subscriber, key, number) VALUES (%s, %s, %s)", [name, envelope.key, number]
                    )
                if error := ERRORS.get(self.moods.get((name, number), FINE)):
                    raise error()

        def handle_one(envelope: Envelope) -> None:
            handle([envelope])

        return handle if batch else handle_one

    def begin(self) -> None:
        """Forget the last example: nobody has failures, every cursor stands at the end of the log."""
        self.moods.clear()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM effect")
            cursor.execute("DELETE FROM event_failure")
            cursor.execute("UPDATE event_cursor SET position = event_log_bound(), paused_until = NULL, pauses = 0")

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()


def publish(number: int, key: str, once: str | None) -> None:
    publication = Publication(event=Happened(user_id=int(key), number=number), key=key, idempotency_key=once)
    with transaction.atomic():
        publish_many([publication])


class Machine(RuleBasedStateMachine):
    """Does the same to the bus and to its model, and compares them after each step.

    Replay is one more rule here: it may change nothing that is compared.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model(world.ordered, LANES)
        self.atomic: Any = None
        self.start = world.clock.time
        world.begin()

    keys = st.sampled_from([str(ANNA), str(ANNA), str(BORIS), str(DORA)])
    # Mostly everybody: an example is rich when all four meet the same.
    everybody = st.sampled_from([NAMES, NAMES, NAMES, *[[name] for name in NAMES]])
    names = st.sampled_from(
        ["machine.single_free", "machine.single_ordered", "machine.batch_free", "machine.batch_ordered"]
    )
    onces = st.sampled_from([None, None, "a", "b"])

    # Publishing

    @rule(events=st.lists(st.tuples(keys, st.sampled_from(KINDS), everybody), min_size=1, max_size=3), once=onces)
    def publish(self, events: list[tuple[str, str, list[str]]], once: str | None) -> None:
        """Publish and commit; of each event somebody is told what to do with it."""
        for key, kind, names in events:
            if once and f"{id(self)}{once}" in self.model.open_keys:
                return  # would wait for the open transaction
            number = self.world.next_number()
            self.spoil_number(names, number, kind)
            self.model.publish(number, key, once=once and f"{id(self)}{once}")
            publish(number, key, once and f"{id(self)}{once}")

    @rule(key=keys, once=onces, kind=st.sampled_from(KINDS), names=everybody)
    def publish_in_a_transaction_that_stays_open(self, key: str, once: str | None, kind: str, names: list[str]) -> None:
        """Publish by another connection, which has not committed."""
        number = self.world.next_number()
        once = once and f"{id(self)}{once}"
        self.spoil_number(names, number, kind)
        self.model.publish(number, key, once=once, open_=True)

        def begin_and_publish() -> Any:
            atomic = self.atomic or transaction.atomic()
            if not self.atomic:
                atomic.__enter__()
            publish(number, key, once)
            return atomic

        self.atomic = self.world.other.submit(begin_and_publish).result(20)

    @precondition(lambda self: self.atomic)
    @rule(commits=st.booleans())
    def end_the_transaction(self, commits: bool) -> None:
        """Commit or roll back what is open."""
        error = None if commits else ZeroDivisionError
        self.world.other.submit(self.atomic.__exit__, error, error and error(), None).result(20)
        self.atomic = None
        (self.model.commit if commits else self.model.rollback)()

    # Handlers

    def spoil_number(self, names: list[str], number: int, kind: str) -> None:
        for name in names:
            self.model.readers[name].spoil(number, kind)
            self.world.moods[name, number] = kind

    @precondition(lambda self: self.model.log)
    @rule(names=everybody, kind=st.sampled_from(KINDS), index=st.integers(0, 99))
    def change_the_handler(self, names: list[str], kind: str, index: int) -> None:
        """Have somebody do something else with one event from now on."""
        self.spoil_number(names, self.model.log[-1 - index % len(self.model.log)].number, kind)

    @rule(names=everybody)
    def mend(self, names: list[str]) -> None:
        """Have somebody handle whatever comes."""
        for name in names:
            for number in list(self.model.readers[name].moods):
                self.spoil_number([name], number, FINE)

    # Working

    @rule(names=everybody, lane=st.sampled_from([LANE, LANE, LANE + 1]))
    def drain(self, names: list[str], lane: int) -> None:
        """Work on one lane."""
        for name in names:
            self.model.drain(name, lane)
            with contextlib.suppress(DatabaseError):
                _drain_one(self.world.subscribers[name], lane)

    @rule(names=everybody)
    def drain_together(self, names: list[str]) -> None:
        """Work on both lanes in one go, as a task does."""
        lanes = [LANE, LANE + 1]
        for name in names:
            for lane in lanes:
                self.model.drain(name, lane)
            with lane_locks(name, lanes) as held, contextlib.suppress(DatabaseError):
                assert held == lanes
                together.drain_lanes(self.world.subscribers[name], lanes)

    @rule(seconds=st.sampled_from([1.0, 31.0, 3601.0]))
    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self.world.clock.advance(seconds)
        self.model.now += seconds

    # Staff

    @rule(name=names, index=st.integers(0, 99), act=st.sampled_from(["redrive", "discard"]))
    def decide(self, name: str, index: int, act: str) -> None:
        """Redrive or discard one failure, dead or not: of what is not dead nothing may change."""
        failed = sorted(self.model.readers[name].failed)
        if not failed:
            return
        number = failed[index % len(failed)]
        getattr(self.model, act)(name, number)
        chosen = Failure.objects.extra(
            where=["position = (SELECT id FROM event_log WHERE type = 'test.happened' AND payload ->> 'number' = %s)"],
            params=[str(number)],
        ).filter(subscriber=name)
        getattr(retries, act)(chosen, reason="as told", actor=STAFF)

    # What must be true

    @invariant()
    def effects_are_the_models(self) -> None:
        """Each effect once, in the order of its key."""
        found: dict[tuple[str, str], list[int]] = defaultdict(list)
        for name, key, number in self.world.rows("SELECT subscriber, key, number FROM effect ORDER BY id"):
            found[name, key].append(number)
        expected: dict[tuple[str, str], list[int]] = defaultdict(list)
        for name, reader in self.model.readers.items():
            for key, number in reader.effects:
                expected[name, key].append(number)
        assert dict(found) == dict(expected)

    @invariant()
    def failures_are_the_models(self) -> None:
        """What waits, is held, dead, done at last or discarded, and after how many attempts."""
        found = {
            (name, number): (status, attempts)
            for name, number, status, attempts in self.world.rows(
                "SELECT f.subscriber, (e.payload ->> 'number')::int, f.status, f.attempts"
                " FROM event_failure f JOIN event_log e ON e.id = f.position"
            )
        }
        assert found == {
            (name, number): (failed.status, failed.attempts)
            for name, reader in self.model.readers.items()
            for number, failed in reader.failed.items()
        }

    @invariant()
    def what_is_not_scanned_is_the_models(self) -> None:
        """Every committed event is either behind the cursor or before it."""
        found: dict[str, set[int]] = defaultdict(set)
        for name, number in self.world.rows(
            "SELECT c.subscriber, (e.payload ->> 'number')::int FROM event_cursor c JOIN event_log e"
            " ON e.lane = c.lane AND e.id > c.position AND e.type = 'test.happened' WHERE c.subscriber LIKE 'machine.%'"
        ):
            found[name].add(number)
        assert dict(found) == {name: left for name in self.model.readers if (left := self.model.unscanned(name))}

    def teardown(self) -> None:
        """In the end everything committed is handled once, or dead or discarded because it was told to fail."""
        try:
            if self.atomic:
                self.end_the_transaction(commits=True)
            self.mend(NAMES)
            self.pass_time(3601.0)
            self.drain_together(NAMES)
            for reader in self.model.readers.values():
                handled = [number for _, number in reader.effects]
                given_up = {n for n, f in reader.failed.items() if f.status in (bus_model.DEAD, bus_model.DISCARDED)}
                assert sorted([*handled, *given_up]) == [entry.number for entry in self.model.log]
                assert given_up <= reader.spoilt
            self.effects_are_the_models()
            self.failures_are_the_models()
        finally:
            if self.atomic:
                self.world.other.submit(self.atomic.__exit__, None, None, None).result(20)
            self.world.clock.time = self.start


@pytest.fixture
def world(
    committed_db: str, register: Register, still_clock: Clock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[World]:
    """Four subscribers, the longest backoff each time, and nobody who is woken."""
    settings.EVENTS_MAX_ATTEMPTS = bus_model.MAX_ATTEMPTS
    settings.EVENTS_BACKOFF_SECONDS, settings.EVENTS_BACKOFF_MAX_SECONDS = bus_model.BACKOFF, bus_model.LONGEST
    monkeypatch.setattr(failures, "random", SimpleNamespace(uniform=lambda low, high: high))
    monkeypatch.setattr(waker, "notify", lambda wakes: None)
    with databases["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE effect (id bigserial, subscriber text, key text, number int)")
        cursor.execute("GRANT ALL ON effect TO PUBLIC; GRANT ALL ON SEQUENCE effect_id_seq TO PUBLIC")
    made = World(register, still_clock)
    yield made
    made.other.submit(databases.close_all).result(20)
    made.other.shutdown()


def test_the_bus_keeps_its_promise_whatever_happens(world: World):
    run_state_machine_as_test(lambda: Machine(world), settings=SETTINGS)


# Bugs that the machine must find


def move_first(subscriber: Subscriber, lane: int, *, own: bool, retried: bool, **_: Any) -> drain.Batch:
    """Move the cursor in one commit, handle in the next."""
    with transaction.atomic():
        state = cursors.lock(subscriber, lane, own=own)
        if state.failing and not retried:
            return drain.Batch(0, failing=True)
        found = drain.scan(subscriber, {lane: state}, limit=100)
        cursors.move(subscriber, lane, found.positions.get(lane, state.position), handled=0)
    with transaction.atomic():
        subscriber.handle(found.envelopes)
    return drain.Batch(len(found.envelopes))


def forget_failures(subscriber: Subscriber, lane: int, outcome: object) -> None:
    """Record nothing of what failed."""


PLANTED: dict[str, tuple[Any, str, Any]] = {
    "the cursor moves before the effects": (drain, "_pass", move_first),
    "a failed event is not recorded": (retries, "store_outcome", forget_failures),
    "a held key is not held": (retries, "blocked_keys", lambda subscriber, lane: set[str]()),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_it_finds(world: World, monkeypatch: pytest.MonkeyPatch, bug: str):
    monkeypatch.setattr(*PLANTED[bug])
    with pytest.raises((AssertionError, ValueError, ExceptionGroup)):
        run_state_machine_as_test(seed(SEED)(lambda: Machine(world)), settings=FINDING)
