"""A dump, also one taken while people act, restored in another place: nothing is lost or done twice, and work goes on."""

import io
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError

from apps.gamification.models import Entry
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.conftest import close_connections, database_named
from tests.deploys.places import dump, make_database, restore
from tests.gamification.acts import happen, message, people
from tests.servers import Servers

AWARDS = "gamification.award_points"
# One row is numbered by hand, so that its sequence was never used; otherwise a whole dump leaves nothing to adopt.
ADOPTED = re.compile(r"nothing to do.*\n|moved gamification_rulebook_id_seq from 0 to 1\n")


def said(*arguments: str) -> str:
    """Run a command and return what it printed."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def elsewhere(servers: Servers, committed_db: str) -> Iterator[str]:
    """The name of an empty database for the restore."""
    name = f"{committed_db}_restored"
    make_database(servers.postgres, name)
    yield name
    servers.drop(name)


@pytest.fixture
def move(servers: Servers, committed_db: str, elsewhere: str, tmp_path: Path) -> Callable[[], None]:
    """Dump the test's database and restore it elsewhere."""

    def call() -> None:
        dump(servers.url("diana_owner", committed_db), tmp_path / "dump")
        restore(tmp_path / "dump", servers.url("diana_owner", elsewhere))

    return call


def assert_every_message_counts_once() -> None:
    """Each message in the log has its one entry, and the ledger is whole."""
    messages = set(StoredEvent.objects.filter(type="game.message_sent").values_list("event_id", flat=True))
    entries = list(Entry.objects.filter(rule="message_sent").values_list("event_id", flat=True))
    assert sorted(entries) == sorted(messages)
    said("verify_ledger")


def test_what_was_under_way_is_finished_where_it_was_restored(move: Callable[[], None], elsewhere: str):
    who = people(5)
    happen(*map(message, who))
    drain()
    happen(*map(message, who))
    move()
    with database_named(elsewhere):
        assert ADOPTED.fullmatch(said("adopt_log"))
        said("verify_ledger")
        drain()
        assert_every_message_counts_once()
        happen(*map(message, who))
        drain()
        assert_every_message_counts_once()
        assert Entry.objects.filter(rule="message_sent").count() == 15


def test_a_dump_taken_while_people_act_is_whole(move: Callable[[], None], elsewhere: str):
    who = people(5)
    ended, acted = threading.Event(), threading.Event()

    def act() -> None:
        while not ended.is_set():
            happen(*map(message, who))
            drain(AWARDS)
            acted.set()
        close_connections()

    acting = threading.Thread(target=act)
    acting.start()
    try:
        assert acted.wait(20)
        move()
    finally:
        ended.set()
        acting.join()
    with database_named(elsewhere):
        assert ADOPTED.fullmatch(said("adopt_log"))
        drain()
        assert_every_message_counts_once()
        happen(*map(message, who))
        drain()
        assert_every_message_counts_once()


def test_a_sequence_set_back_stops_publishing_until_it_is_adopted(committed_db: str, superuser: psycopg.Connection):
    said("adopt_log")
    who = people(3)
    happen(*map(message, who))
    drain()
    for sequence in ("event_log_id_seq", "gamification_entry_id_seq"):
        superuser.execute("SELECT setval(%s, 2, true)", [sequence])
    with pytest.raises(OperationalError, match=r"its sequence at 2: run manage\.py adopt_log"):
        happen(*map(message, who))
    lines = said("adopt_log").splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["moved", "event_log_id_seq"],
        ["moved", "gamification_entry_id_seq"],
    ]
    assert said("adopt_log").startswith("nothing to do")
    happen(*map(message, who))
    drain()
    assert_every_message_counts_once()
