"""What happens to PostgreSQL: restarted, killed, full of connections, locked by somebody else."""

import os
import random
import signal
import time
from contextlib import suppress

import psycopg

from diana.local.roles import APPLICATION
from torture.faults.registry import fault
from torture.settings_seconds import LOCK_SECONDS
from torture.world import World

STORM_SECONDS = 5.0
_OTHERS = (
    " FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'diana%'"
    " AND pid <> pg_backend_pid()"
)


@fault("F31 PostgreSQL restarted, fast", "postgres")
def fast(world: World, chance: random.Random) -> None:
    """Sessions are ended, everything is written down."""
    world.servers.postgres.stop()
    world.servers.postgres.start()


@fault("F31 PostgreSQL restarted, immediate", "postgres")
def immediate(world: World, chance: random.Random) -> None:
    """It drops everything; the next start recovers."""
    _postmaster(world, signal.SIGQUIT)
    while world.servers.postgres.running():
        time.sleep(0.05)
    world.servers.postgres.start()


@fault("F31 PostgreSQL killed", "postgres")
def killed(world: World, chance: random.Random) -> None:
    """SIGKILL to the postmaster and its children."""
    world.servers.postgres.kill()
    world.servers.postgres.start()


@fault("F31 a backend of PostgreSQL killed", "postgres")
def backend_killed(world: World, chance: random.Random) -> None:
    """One server process gets SIGKILL: PostgreSQL starts all over by itself."""
    with suppress(psycopg.Error), world.admin() as connection:
        row = connection.execute("SELECT pid" + _OTHERS + " ORDER BY random() LIMIT 1").fetchone()
    if row:
        with suppress(ProcessLookupError):
            os.kill(row[0], signal.SIGKILL)
    world.wait_until(lambda: _answers(world), "PostgreSQL after the crash of a backend", 30)


def _postmaster(world: World, number: signal.Signals) -> None:
    pid = int((world.servers.postgres.data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, number)


def _answers(world: World) -> bool:
    try:
        with world.admin():
            return True
    except psycopg.Error:
        return False


@fault("F32 pg_terminate_backend on everybody")
def terminated(world: World, chance: random.Random) -> None:
    """Every session of the application is ended."""
    with suppress(psycopg.Error), world.admin() as connection:
        connection.execute("SELECT pg_terminate_backend(pid)" + _OTHERS)


@fault("F32 sessions cut one by one")
def storm(world: World, chance: random.Random) -> None:
    """For five seconds one session of the application after the other is ended, whichever it is: a sender's, a relay's, any."""
    until = time.monotonic() + STORM_SECONDS
    while time.monotonic() < until:
        with suppress(psycopg.Error), world.admin() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM (SELECT pid" + _OTHERS + " ORDER BY random() LIMIT 1)"
            )
            world.cuts.append(time.time())
        time.sleep(chance.uniform(0.02, 0.2))


@fault("F37 accounts locked by an admin's session")
def locked_accounts(world: World, chance: random.Random) -> None:
    """Some accounts and people cannot be touched for longer than anybody waits."""
    with suppress(psycopg.Error), world.admin() as connection, connection.transaction():
        connection.execute("SELECT 1 FROM gamification_progress WHERE account_id % 5 = 0 FOR UPDATE")
        connection.execute("SELECT 1 FROM users_person WHERE id % 5 = 1 FOR UPDATE")
        time.sleep(LOCK_SECONDS + chance.uniform(-1, 1))


@fault("F37 a lane's cursor locked by an admin's session")
def locked_cursors(world: World, chance: random.Random) -> None:
    """A few lanes cannot move."""
    with suppress(psycopg.Error), world.admin() as connection, connection.transaction():
        connection.execute("SELECT 1 FROM event_cursor WHERE lane IN (3, 7, 11) FOR UPDATE")
        time.sleep(LOCK_SECONDS + chance.uniform(-1, 1))


@fault("F38 statements cancelled as by their limit")
def cancelled(world: World, chance: random.Random) -> None:
    """Whatever is running is ended with 57014, five times."""
    for _ in range(5):
        with suppress(psycopg.Error), world.admin() as connection:
            connection.execute("SELECT pg_cancel_backend(pid)" + _OTHERS + " AND state = 'active'")
        time.sleep(0.1)


@fault("F38 a table locked for longer than a statement may take")
def locked_table(world: World, chance: random.Random) -> None:
    """Nobody may write entries for a while."""
    with suppress(psycopg.Error), world.admin() as connection, connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '3s'")
        connection.execute("LOCK TABLE gamification_entry IN SHARE MODE")
        time.sleep(LOCK_SECONDS + 0.5)


@fault("F41 no connection left", "postgres")
def exhausted(world: World, chance: random.Random) -> None:
    """Somebody takes all that there are, and more come loose as others end: those who connect anew are refused."""
    taken: list[psycopg.Connection] = []
    deadline = time.monotonic() + 3
    world.links["workers-postgres"].cut()
    try:
        while time.monotonic() < deadline:
            try:
                taken.append(psycopg.connect(world.servers.url(APPLICATION, world.database), connect_timeout=2))
            except psycopg.Error:
                time.sleep(0.05)
    finally:
        for connection in taken:
            connection.close()


@fault("F44 a long transaction elsewhere")
def long_elsewhere(world: World, chance: random.Random) -> None:
    """A transaction that has written something and publishes nothing must hold nobody up."""
    with suppress(psycopg.Error), world.admin() as connection, connection.transaction():
        connection.execute("CREATE TABLE IF NOT EXISTS public.elsewhere (n int)")
        connection.execute("INSERT INTO public.elsewhere VALUES (1)")
        time.sleep(3)


@fault("F44 a publishing transaction that rolls back after 3 s")
def open_publisher(world: World, chance: random.Random) -> None:
    """The fence stands for 3 s, and then nothing comes."""
    with suppress(psycopg.Error, _Rollback), world.admin() as connection, connection.transaction():
        connection.execute(
            "INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes,"
            " correlation_id, payload) VALUES (gen_random_uuid(), 'game.message_sent', 1, 3, '1', 1, now(), 0,"
            " gen_random_uuid(), '{}')"
        )
        time.sleep(3)
        raise _Rollback


class _Rollback(Exception):
    pass
