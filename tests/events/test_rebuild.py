"""Rebuilding a projection: the shadow is the fold over the log, nobody notices, and what is killed has changed nothing."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count as numbers_from
from threading import Event as Flag

import psycopg
import pytest
from django.db import connection, transaction
from django.db import connections as databases

from diana.audit import Actor
from diana.audit.models import AuditRecord
from diana.events import Envelope, Permanent, checks, rebuild, replay, retries, shadow
from diana.events.locks import lane_lock
from diana.events.models import Cursor, Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events import counting
from tests.events.conftest import Register
from tests.events.people import ANNA, drain, of_one_lane, publish_numbers, publish_pairs
from tests.events.racing import alongside, until

VERA = Actor(None, "vera", "command")
PEOPLE = of_one_lane(5)


@pytest.fixture
def counter(committed_db: str, register: Register) -> Subscriber:
    """The projection, with its tables."""
    counting.create_tables()
    return register(
        counting.count,
        name=counting.NAME,
        batch=True,
        projection=("happened_count", "happened_last"),
        start="beginning",
    )


def rebuilt(subscriber: Subscriber, **options: object) -> rebuild.Rebuilt:
    return rebuild.rebuild(subscriber, actor=VERA, reason="a test", **options)


def spoil() -> None:
    """Make the live tables wrong."""
    with databases["owner"].cursor() as cursor:
        cursor.execute("UPDATE happened_count SET times = times + 1")


def test_it_makes_right_what_was_wrong(counter: Subscriber):
    publish_pairs([(who, n % 3) for n in range(30) for who in PEOPLE])
    drain(counter)
    spoil()
    result = rebuilt(counter)
    assert counting.projected() == counting.folded()
    assert (result.events, result.position) == (150, Cursor.objects.filter(subscriber=counter.name)[0].position)
    assert not shadow.exists(counter)
    [record] = AuditRecord.objects.filter(act="rebuild_projection")
    assert (record.actor, record.reason) == ("vera", "a test")
    assert drain(counter) == 0, "the cursors stand where the shadow stood"
    publish_numbers([2, 3])
    assert (drain(counter), counting.projected()) == (2, counting.folded())


def described(table: str) -> list[tuple[object, ...]]:
    """Return what the catalogue says of a table: columns, constraints, indexes, options, rights."""
    queries = (
        "SELECT column_name, data_type, is_nullable, identity_generation FROM information_schema.columns"
        " WHERE table_name = %s AND table_schema = 'public'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'n'",
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s",
        "SELECT reloptions FROM pg_class WHERE oid = %s::regclass",
        "SELECT grantee, privilege_type FROM information_schema.table_privileges WHERE table_name = %s",
    )
    with databases["owner"].cursor() as cursor:
        found: list[tuple[object, ...]] = []
        for query in queries:
            cursor.execute(query, [table])
            found += sorted(cursor.fetchall(), key=repr)
    return found


def test_the_new_tables_are_like_the_old_ones_in_names_options_and_rights(counter: Subscriber):
    before = [described(table) for table in counter.projection]
    rebuilt(counter)
    assert [described(table) for table in counter.projection] == before
    assert ("diana_app", "DELETE") in before[0], "the application has its rights on the one"
    assert ("diana_app", "DELETE") not in before[1], "and lacks on the other what it lacked"


def test_failures_that_the_shadow_has_handled_are_not_tried_again_and_discarded_ones_stay_out(
    counter: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    def picky(envelopes: Sequence[Envelope]) -> None:
        if any(envelope.fields["number"] >= 2 for envelope in envelopes):
            raise Permanent("a bug")
        counting.count(envelopes)

    with monkeypatch.context() as patched:
        patched.setattr(counter, "function", picky)
        publish_numbers([1, 2, 3, 4])
        drain(counter)
    _, three, four = Failure.objects.order_by("position")
    retries.redrive(Failure.objects.filter(pk=three.pk), reason="it is cured", actor=VERA)
    retries.discard(Failure.objects.filter(pk=four.pk), reason="a test", actor=VERA)
    rebuilt(counter)
    assert drain(counter) == 0
    assert list(Failure.objects.order_by("position").values_list("status", flat=True)) == ["done", "done", "discarded"]
    assert counting.projected() == ({(ANNA, number): 1 for number in (1, 2, 3)}, {ANNA: 3})


# Live traffic


@contextmanager
def traffic(subscriber: Subscriber) -> Iterator[Callable[[], int]]:
    """Publish about five people and drain their lane, in threads, as long as the block runs; yields how much was published."""
    over, published = Flag(), numbers_from()
    done = [0]

    def publish() -> None:
        while not over.is_set():
            publish_pairs([(who, next(published) % 7) for who in PEOPLE])
            done[0] += len(PEOPLE)
            over.wait(0.01)

    def work() -> None:
        while not over.is_set():
            drained(subscriber)
            over.wait(0.01)

    with alongside(publish), alongside(work):
        try:
            yield lambda: done[0]
        finally:
            over.set()


def test_f70_a_rebuild_beside_live_traffic_loses_and_doubles_nothing(
    counter: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rebuild, "SWAP_ROWS", 50)
    monkeypatch.setattr(rebuild, "FIRST_BATCH", 20)
    publish_pairs([(who, n % 7) for n in range(200) for who in PEOPLE])
    with traffic(counter) as published:
        until(lambda: published() > 50, what="traffic")
        results = [rebuilt(counter) for _ in range(3)]
        enough = published() + 50
        until(lambda: published() > enough, what="traffic after the swap")
    drain(counter)
    assert counting.projected() == counting.folded()
    assert all(result.swap_seconds < 2 for result in results)
    assert not Failure.objects.exists()


PLANTED = {
    "a swap without the rest": ("_drain_rest", lambda *_: Counter[int]()),
    "a swap that leaves the cursors": ("_pass_cursors", lambda *_: None),
    "a batch without its position": ("_commit", lambda self, envelopes, _: self.subscriber.handle(envelopes)),
}


def test_f70_a_planted_bug_is_found_and_the_next_rebuild_cures_it(counter: Subscriber, monkeypatch: pytest.MonkeyPatch):
    for what, (name, wrong) in PLANTED.items():
        publish_pairs([(who, n % 7) for n in range(20) for who in PEOPLE])
        with monkeypatch.context() as patched:
            patched.setattr(rebuild.Rebuild, name, wrong)
            rebuilt(counter)
        publish_numbers([1])
        drain(counter)
        assert counting.projected() != counting.folded(), what
        rebuilt(counter)
        assert counting.projected() == counting.folded(), what


# What ends it early


def killed_in_swap(subscriber: Subscriber) -> bool:
    """Resume the rebuild in a process that kills itself in the swap; return whether it did, once its locks are free."""
    command = [sys.executable, "-m", "tests.events.counting", "--resume"]
    ended = subprocess.run(command, capture_output=True, timeout=60)

    def free() -> bool:
        with lane_lock(f"{subscriber.name}@rebuild", 0) as alone:
            return alone

    until(free, what="the end of the killed process's session")
    return ended.returncode == -signal.SIGKILL


def interrupt(_: rebuild.Rebuild) -> None:
    raise KeyboardInterrupt


def test_f71_a_rebuild_that_is_interrupted_and_killed_has_changed_nothing_and_goes_on(
    counter: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rebuild, "SWAP_ROWS", 1)
    publish_pairs([(who, n % 7) for n in range(120) for who in PEOPLE])
    positions = StoredEvent.objects.filter(type="test.happened").order_by("id").values_list("id", flat=True)
    drain(counter)
    spoil()
    wrong = counting.projected()
    with pytest.raises(KeyboardInterrupt):
        rebuilt(counter, on_progress=interrupt)
    assert (counting.projected(), shadow.position(counter)) == (wrong, positions[rebuild.FIRST_BATCH - 1])
    assert killed_in_swap(counter)
    assert counting.projected() == wrong
    assert rebuilt(counter, resume=True).events < 600
    assert counting.projected() == counting.folded()
    assert rebuilt(counter).events == 600
    assert counting.projected() == counting.folded(), "begun anew, it counts nothing on top"


def test_what_goes_wrong_ends_it_before_the_swap(counter: Subscriber, monkeypatch: pytest.MonkeyPatch):
    def meddle(envelopes: Sequence[Envelope]) -> None:
        counting.count(envelopes)
        publish_numbers([9], user_id=None)

    publish_numbers([1, 2])
    drain(counter)
    before = counting.projected()
    for wrong, error in ((lambda envelopes: 1 / 0, ZeroDivisionError), (meddle, rebuild.WritesElsewhere)):
        with monkeypatch.context() as patched:
            patched.setattr(counter, "function", wrong)
            with pytest.raises(error):
                rebuilt(counter)
        assert (counting.projected(), StoredEvent.objects.filter(type="test.happened").count()) == (before, 2)
    assert (rebuild.abandon(counter), rebuild.abandon(counter)) == (True, False)


def test_tables_that_were_changed_meanwhile_do_not_come_back(counter: Subscriber, monkeypatch: pytest.MonkeyPatch):
    def migrate(_: rebuild.Rebuild) -> None:
        with databases["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE happened_last ADD COLUMN IF NOT EXISTS colour text")

    monkeypatch.setattr(rebuild, "SWAP_ROWS", 0)
    publish_numbers([1, 2])
    with pytest.raises(shadow.NotRebuildable, match="changed meanwhile"):
        rebuilt(counter, on_progress=migrate)
    assert shadow.position(counter) is None, "there is nothing to resume"
    rebuilt(counter, resume=True)
    assert any("colour" in row for row in described("happened_last"))


def drained(subscriber: Subscriber) -> int:
    """Return what was handled; nothing while the swap holds the lane."""
    try:
        return drain(subscriber)
    except AssertionError:
        return 0


def test_the_swap_gives_way_to_who_holds_the_tables_and_comes_again(
    counter: Subscriber,
    application: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(rebuild, "SWAP_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(replay, "TRANSIENT_ATTEMPTS", 14)
    monkeypatch.setattr(replay, "PAUSE_SECONDS", 0.005)
    publish_numbers([1, 2])
    application.execute("BEGIN; SELECT * FROM happened_last")
    with alongside(lambda: rebuilt(counter)):
        until(lambda: "attempt 1 of" in caplog.text, what="the swap to give way")
        until(lambda: [drained(counter), counting.projected()][1] == counting.folded(), what="live work meanwhile")
        application.execute("COMMIT")
    assert counting.projected() == counting.folded()


def test_only_one_rebuild_runs_at_a_time(counter: Subscriber, monkeypatch: pytest.MonkeyPatch):
    refused: list[str] = []

    def try_too() -> None:
        try:
            rebuilt(counter)
        except rebuild.Rebuilding as error:
            refused.append(str(error))

    def count_meanwhile(envelopes: Sequence[Envelope]) -> None:
        with alongside(try_too):
            counting.count(envelopes)

    publish_numbers([1])
    monkeypatch.setattr(counter, "function", count_meanwhile)
    rebuilt(counter)
    assert len(refused) == 1
    assert "another process" in refused[0]


OBSTACLES = [
    ("ALTER TABLE happened_last ADD FOREIGN KEY (person) REFERENCES happened_count (id)", "has the foreign key"),
    ("CREATE VIEW glance AS SELECT * FROM happened_last", "is read by the view glance"),
    ("ALTER TABLE happened_last ADD COLUMN id bigserial", "make it an identity"),
    ("DROP TABLE happened_last", "is no ordinary table"),
    (
        "CREATE TRIGGER wall BEFORE DELETE ON happened_last FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        "has the trigger wall",
    ),
]


def test_it_refuses_what_it_cannot_rebuild_and_says_why(counter: Subscriber, monkeypatch: pytest.MonkeyPatch):
    assert shadow.obstacles(counter.projection) == []
    for statement, expected in OBSTACLES:
        with shadow.as_owner(), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            with pytest.raises(shadow.NotRebuildable, match=expected):
                shadow.check(counter)
            transaction.set_rollback(True)
    with monkeypatch.context() as patched:
        patched.delitem(databases.settings, "owner")
        with pytest.raises(shadow.NotRebuildable, match="set DATABASE_OWNER_URL"):
            rebuilt(counter)
    counter.external = True
    assert "events.E009" in [message.id for message in checks.check_subscriptions()]
    counter.projection = ()
    with pytest.raises(shadow.NotRebuildable, match="declares no projection="):
        rebuilt(counter)
