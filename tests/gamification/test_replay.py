"""Replaying awards: all of history once more makes no entry, no new state, no event; whatever runs beside it or kills it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.gamification import awards
from apps.gamification.handlers import AWARDED_TYPES
from apps.gamification.models import Entry
from apps.gamification.verify import verify
from diana.events import cursors, log, replay
from diana.events.catalogue import event_class
from diana.events.lanes import lane_of
from diana.events.models import Failure, StoredEvent
from diana.events.subscriptions import subscriber
from diana.events.testing import drain
from tests.conftest import close_connections
from tests.events.racing import alongside, until
from tests.gamification.acts import AWARDS, NOON, award, daily, event, happen, message, people
from tests.gamification.folding import state
from tests.processes import ROOT
from tests.servers import Servers


@pytest.fixture
def superuser(servers: Servers, committed_db: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the test's database."""
    with psycopg.connect(servers.postgres.admin_url(committed_db), autocommit=True) as connected:
        yield connected


def replayed() -> tuple[int, int, int, int]:
    """Replay everything; return handled, skipped, new effects, failed."""
    result = replay.replay(subscriber(AWARDS))
    return (result.handled, result.skipped, result.new_effects, len(result.failed))


def live(crowd: list[int]) -> None:
    """Publish some of everything that is awarded: limits are reached, caps too, streaks grow, VIP begins and ends."""
    for day in range(3):
        noon = NOON + timedelta(days=day)
        date = noon.date().isoformat()
        for somebody in crowd:
            until_ = (noon + timedelta(hours=1)).isoformat()
            happen(
                event("user.active_day", somebody, local_date=date),
                daily(somebody, date),
                daily(somebody, date),
                *[message(somebody) for _ in range(25)],
                event("vip.granted", somebody, grant=day + 1, source="gift", until=until_),
                message(somebody),
                at=noon,
            )


@pytest.mark.django_db
def test_all_of_history_makes_no_entry_and_no_other_effect() -> None:
    live(people(3))
    drain(AWARDS)
    before, entries, events = state(), Entry.objects.count(), StoredEvent.objects.count()
    handled, *others = replayed()
    assert handled == StoredEvent.objects.filter(type__in=subscriber(AWARDS).types).count() > 250
    assert others == [0, 0, 0]
    assert (state(), Entry.objects.count(), StoredEvent.objects.count()) == (before, entries, events)


@pytest.mark.django_db
def test_a_replay_that_does_not_know_what_was_handled_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody, other = people(2)
    award(message(somebody), event("user.active_day", other, local_date="2026-03-11"))
    monkeypatch.setattr(awards, "_handled_before", lambda *_: set())
    handled, _, new_effects, failed = replayed()
    assert failed >= 1, "the ledger refuses the entry"
    assert (handled, new_effects > 0) == (1, True), "and the state that was written again is counted"


@pytest.mark.django_db
def test_a_batch_that_comes_again_costs_three_statements_and_writes_nothing() -> None:
    crowd = people(20)
    for size in (1, 5):
        envelopes = award(*[message(somebody) for somebody in crowd for _ in range(size)])
        positions = StoredEvent.objects.filter(event_id__in=[e.event_id for e in envelopes]).values_list(
            "id", flat=True
        )
        again = log.read_events(list(positions))
        with CaptureQueriesContext(connection) as queries:
            awards.award(again)
        statements = [query["sql"] for query in queries]
        assert len(statements) == 3, statements
        assert not any(word in sql for sql in statements for word in ("INSERT", "UPDATE gam", "COPY"))


@pytest.mark.django_db
def test_a_batch_of_old_and_new_saves_only_whom_something_new_happened_to() -> None:
    old, fresh = people(2)
    award(message(old), message(fresh))
    happen(message(fresh))
    envelopes = log.read_events(list(StoredEvent.objects.filter(type="game.message_sent").values_list("id", flat=True)))
    before = replay.effects.rows_written()
    awards.award(envelopes)
    # the entry, the account, four rows of boards and that they changed, the state, the outcome's event
    assert replay.effects.rows_written() - before == 9


def test_f70_beside_live_traffic_and_staff_it_changes_nothing(committed_db: str) -> None:
    crowd = people(4)
    live(crowd)
    drain(AWARDS)
    fresh = [message(somebody) for somebody in crowd for _ in range(10)]

    def traffic() -> None:
        for start in range(0, len(fresh), 4):
            award(*fresh[start : start + 4], at=NOON + timedelta(days=9, seconds=start))

    with alongside(traffic):
        for _ in range(3):
            assert replayed()[1:] == (0, 0, 0)
    assert Entry.objects.filter(rule="message_sent", occurred_at__gte=NOON + timedelta(days=9)).count() == len(fresh)
    assert not Failure.objects.exists()
    assert verify().ok


def test_f71_killed_in_the_middle_it_has_changed_nothing_and_can_be_repeated(
    committed_db: str, superuser: psycopg.Connection
) -> None:
    crowd = people(20)
    live(crowd[:6])
    drain(AWARDS)
    before, last = state(), max(lane_of(str(somebody)) for somebody in crowd[:6])
    command = [sys.executable, "-m", "tests.gamification.folding", "--replay-only"]
    with transaction.atomic():
        # It has handled the lower lanes when it comes to this one.
        cursors.hold(subscriber(AWARDS), last)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as doomed:
            try:
                waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
                until(lambda: superuser.execute(waits).fetchone(), seconds=60, what="the replay's wait")
            finally:
                doomed.kill()
        assert doomed.returncode == -signal.SIGKILL
    assert state() == before
    assert replayed()[2:] == (0, 0)
    assert state() == before


def everything(crowd: list[int]) -> None:
    """Publish an event of each type that is awarded, as the corpus has it, for everybody, on two days."""
    lines = (ROOT / "tests" / "events" / "corpus" / "rows.jsonl").read_text().splitlines()
    fields = {row["type"]: row["current"] for row in map(json.loads, lines)}
    for day in range(2):
        for somebody in crowd:
            for event_type in sorted(AWARDED_TYPES):
                made = msgspec.convert(fields[event_type] | {"user_id": somebody}, event_class(event_type))
                happen(made, at=NOON + timedelta(days=10 + day))


def test_f13_the_seed_of_the_hashes_does_not_show_in_what_is_awarded(committed_db: str, servers: Servers) -> None:
    live(people(4))
    everything(people(2))
    close_connections()
    copies = {}
    for seed in ("1", "2"):
        name = f"{committed_db}_{seed}"
        servers.admin("CREATE DATABASE {} TEMPLATE {}", name, committed_db)
        urls = servers.addresses(name)
        command = [sys.executable, "-m", "tests.gamification.folding"]
        environment = os.environ | urls | {"PYTHONHASHSEED": seed}
        copies[name] = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    printed = [process.communicate(timeout=60)[0].split() for process in copies.values()]
    for name in copies:
        servers.drop(name)
    assert printed[0] == printed[1]
    assert (len(printed[0][0]), int(printed[0][1]) > 300, printed[0][2]) == (64, True, "0")
