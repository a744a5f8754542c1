"""A move to another server by logical replication while people act: stop, wait, adopt, go on."""

import io
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command

from apps.gamification.models import Entry
from diana.events import adoption, agreement
from diana.events.testing import drain
from diana.local.postgres import Postgres
from tests.deploys.places import dump, make_database, owner_url, restore, working_at
from tests.deploys.test_restore import assert_every_message_counts_once
from tests.gamification.acts import happen, message, people
from tests.processes import wait_until
from tests.servers import Servers

LOGICAL = {"wal_level": "logical", "wal_receiver_status_interval": "1"}
# As docs/operations.md has it: what fires always would fire for replicated rows too.
WALLS_DOWN = """
SELECT DISTINCT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname)
FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'
"""


@pytest.fixture
def clusters(tmp_path: Path) -> Iterator[tuple[Postgres, Postgres]]:
    """The old server and the new one, both without a database of Diana's."""
    both = [Postgres(tmp_path / name, durable=False, settings=LOGICAL) for name in ("old", "new")]
    for cluster in both:
        cluster.start()
    yield both[0], both[1]
    for cluster in both:
        cluster.kill()


@pytest.fixture
def old_and_new(
    clusters: tuple[Postgres, Postgres], servers: Servers, committed_db: str, tmp_path: Path
) -> tuple[Postgres, Postgres]:
    """Both with Diana's schema; the old one with its rows too."""
    old, new = clusters
    dump(servers.url("diana_owner", committed_db), tmp_path / "dump")
    restore(tmp_path / "dump", make_database(old, "diana"))
    make_database(new, "diana")
    return old, new


def admin(cluster: Postgres, query: str) -> list[tuple[object, ...]]:
    """Run a statement as the superuser, in a commit of its own."""
    with psycopg.connect(cluster.admin_url("diana"), autocommit=True) as connection:
        cursor = connection.execute(query)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def begin_replication(old: Postgres, new: Postgres, tmp_path: Path) -> None:
    """Copy the schema, take its walls down, have the new server follow the old one."""
    dump(owner_url(old, "diana"), tmp_path / "schema", "--schema-only")
    restore(tmp_path / "schema", owner_url(new, "diana"))
    for (statement,) in admin(new, WALLS_DOWN):
        admin(new, str(statement))
    admin(old, "CREATE PUBLICATION diana FOR ALL TABLES")
    admin(new, f"CREATE SUBSCRIPTION diana CONNECTION '{old.admin_url('diana')}' PUBLICATION diana")


def caught_up(old: Postgres, new: Postgres) -> bool:
    """Say whether everything written on the old server has arrived."""
    [(copied,)] = admin(new, "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")
    [(lag,)] = admin(old, "SELECT max(pg_current_wal_lsn() - confirmed_flush_lsn) FROM pg_replication_slots")
    return bool(copied) and lag == 0


def test_a_cutover_loses_nothing_and_doubles_nothing(old_and_new: tuple[Postgres, Postgres], tmp_path: Path):
    old, new = old_and_new
    with working_at(old, "diana"):
        who = people(5)
        happen(*map(message, who))
        drain()
        begin_replication(old, new, tmp_path)
        for _ in range(3):
            happen(*map(message, who))
            drain()
        happen(*map(message, who))
    wait_until(lambda: caught_up(old, new), "the new server to have everything")
    admin(new, "DROP SUBSCRIPTION diana")
    with working_at(new, "diana"):
        with pytest.raises(agreement.FenceDown, match=r"run `manage\.py adopt_log`"):
            happen(message(who[0]))
        out = io.StringIO()
        call_command("adopt_log", stdout=out)
        assert "moved event_log_id_seq from 0 to " in out.getvalue()
        assert "switched on gamification_entry_posts of gamification_entry" in out.getvalue()
        assert adoption.adopt()[1:] == ([], [])
        call_command("verify_ledger", stdout=io.StringIO())
        drain()
        happen(*map(message, people(1) + who))
        drain()
        assert_every_message_counts_once()
        assert Entry.objects.filter(rule="message_sent").count() == 31
