"""The primary dies and a standby takes over: with synchronous replication nothing that was accepted is lost."""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from apps.bot import services
from apps.bot.incoming import Incoming
from diana import clock
from diana.local import processes
from diana.local.postgres import Postgres, binary
from tests.conftest import close_connections
from tests.processes import wait_until
from tests.servers import Servers

BODY = b'{"update_id":1}'


class Pair:
    """The tests' cluster as primary, and a standby that streams from it."""

    def __init__(self, primary: Postgres, directory: Path, database: str) -> None:
        self.primary, self.database = primary, database
        self.standby = Postgres(directory / "standby", durable=False)
        self._ids = itertools.count(1)
        self.accepted: set[int] = set()

    def start_standby(self) -> None:
        """Copy the primary and stream from it."""
        directory = self.standby.directory
        directory.mkdir()
        (directory / "port").write_text(str(self.standby._choose_port()))
        address = ["--host=127.0.0.1", f"--port={self.primary.port}", "--username=postgres"]
        copy = [binary("pg_basebackup"), *address, f"--pgdata={self.standby.data}", "--write-recovery-conf"]
        subprocess.run(
            [*self.standby._owner().prefix, *copy, "--wal-method=stream", "--checkpoint=fast", "--no-sync"], check=True
        )
        processes.spawn(self.standby.command(), log=self.standby.log)
        wait_until(lambda: self.at_primary("SELECT count(*) FROM pg_stat_replication") == [(1,)], "the standby")

    def at_primary(self, query: str) -> list[tuple[object, ...]]:
        """Ask the primary, as the superuser."""
        with psycopg.connect(self.primary.admin_url(self.database), autocommit=True) as session:
            found = session.execute(query)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def receive(self, count: int) -> None:
        """Take that many updates as the webhook does; those whose commit came back are accepted."""
        for number in itertools.islice(self._ids, count):
            services.receive_update(incoming=Incoming(number, "message", 7, 7), body=BODY, now=clock.now())
            self.accepted.add(number)

    def fail_over(self) -> set[int]:
        """Kill the primary, promote the standby, return which of the accepted updates are not there, each with its event."""
        close_connections()
        self.primary.kill()
        url = f"postgresql://postgres@127.0.0.1:{self.standby.port}/{self.database}"
        wait_until(lambda: answers(url), "the standby")
        with psycopg.connect(url, autocommit=True) as session:
            session.execute("SELECT pg_promote()")
            rows = session.execute(
                "SELECT u.update_id, e.id FROM bot_update u FULL JOIN event_log e USING (event_id)"
                " WHERE e.type IN ('bot.update_received', 'bot.message_received') OR e.id IS NULL"
            ).fetchall()
            assert all(update is not None and event is not None for update, event in rows)
            # The promoted server gives out ids above all that it has: publishing goes on without adopt_log.
            assert session.execute(
                "SELECT last_value >= (SELECT coalesce(max(id), 0) FROM event_log) FROM event_log_id_seq"
            ).fetchone() == (True,)
        return self.accepted - {int(update) for update, _ in rows}


def answers(url: str) -> bool:
    """Say whether the server takes sessions: having lost a child it takes none for a moment."""
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def walreceiver(server: Postgres) -> psutil.Process:
    """Return the process of a standby that takes in what its primary sends."""
    postmaster = psutil.Process(int((server.data / "postmaster.pid").read_text().splitlines()[0]))
    (found,) = [child for child in postmaster.children() if "walreceiver" in " ".join(child.cmdline())]
    return found


@pytest.fixture
def pair(servers: Servers, committed_db: str, tmp_path: Path) -> Iterator[Pair]:
    """The pair, replicating; the tests' cluster runs alone again afterwards."""
    servers.admin("ALTER DATABASE {} SET synchronous_commit TO on", committed_db)
    close_connections()
    pair = Pair(servers.postgres, tmp_path, committed_db)
    pair.start_standby()
    yield pair
    pair.standby.stop()
    servers.postgres.start()
    pair.at_primary("ALTER SYSTEM RESET synchronous_standby_names")
    pair.at_primary("SELECT pg_reload_conf()")


def test_f34_a_synchronous_standby_has_everything_that_was_accepted(pair: Pair) -> None:
    pair.at_primary("ALTER SYSTEM SET synchronous_standby_names TO '*'")
    pair.at_primary("SELECT pg_reload_conf()")
    wait_until(lambda: pair.at_primary("SELECT sync_state FROM pg_stat_replication") == [("sync",)], "sync")
    pair.receive(50)
    assert pair.fail_over() == set()


def test_f34_an_asynchronous_standby_loses_the_last_commits_whole_and_they_can_be_counted(pair: Pair) -> None:
    """What had not arrived is gone, update and event together; operations.md says to replicate synchronously."""
    pair.receive(20)
    arrived = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()"
    wait_until(lambda: pair.at_primary(arrived) == [(1,)], "the standby to catch up")
    receiver = walreceiver(pair.standby)
    os.kill(receiver.pid, signal.SIGSTOP)
    pair.receive(10)
    time.sleep(0.1)
    pair.primary.kill()
    os.kill(receiver.pid, signal.SIGKILL)
    lost = pair.fail_over()
    assert lost == set(range(21, 31))
