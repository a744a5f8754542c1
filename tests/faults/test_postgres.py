"""PostgreSQL restarted, cut off, full, crowded, locked: Telegram is asked to come again, and every effect is there once."""

import os
import random
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from diana.events.lanes import lane_of
from diana.local import ports
from tests.faults.conftest import Community
from tests.faults.proxies import CommitSwallower
from tests.processes import wait_until

PEOPLE = range(1, 5)
# Taken, come again, hung up. A 500 would be a bug.
MAY_FAIL = frozenset({200, 503, 0})


@pytest.fixture(autouse=True)
def _fresh_answers(shared: Community) -> None:
    """What the webhook answered to the test before does not count."""
    shared.statuses.clear()
    shared.post_seconds.clear()


@contextmanager
def superuser(shared: Community) -> Iterator[psycopg.Connection]:
    """A session of the superuser's."""
    with psycopg.connect(shared.servers.postgres.admin_url(shared.database), autocommit=True) as connection:
        yield connection


@contextmanager
def under_load(shared: Community) -> Iterator[None]:
    """People insist on talking for as long as the block takes."""
    ended = threading.Event()

    def talk(person: int) -> None:
        while not ended.is_set():
            shared.insist(person, "still here")
            # Nobody may reach the limit of an hour: these are several seconds.
            time.sleep(0.1)

    talking = [threading.Thread(target=talk, args=(person,)) for person in PEOPLE]
    for thread in talking:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in talking:
            thread.join()


def restart_fast(shared: Community) -> None:
    shared.servers.postgres.stop()


def restart_immediately(shared: Community) -> None:
    """SIGQUIT: sessions are cut, nothing is written down, the next start recovers."""
    server = shared.servers.postgres
    postmaster = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    subprocess.run(["kill", "-QUIT", str(postmaster)], check=True)
    wait_until(lambda: not server.running(), "the end of the server")


def kill(shared: Community) -> None:
    shared.servers.postgres.kill()


def test_f31_restarts_under_load(shared: Community) -> None:
    ends: list[Callable[[Community], None]] = [restart_fast, restart_immediately, kill]
    with under_load(shared):
        for end in ends:
            time.sleep(0.5)
            end(shared)
            time.sleep(0.3)
            shared.servers.postgres.start()
    shared.settle(allowed=MAY_FAIL)
    shared.insist_all(PEOPLE, ["afterwards", "/help"])
    shared.settle(allowed=MAY_FAIL)


def test_f32_connections_cut_in_the_middle(shared: Community) -> None:
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'diana%' AND state <> 'idle'"
    )
    ended = 0
    with under_load(shared), superuser(shared) as session:
        for _ in range(60):
            ended += int(session.execute(cut).fetchone()[0])  # type: ignore[index]
            time.sleep(0.03)
        session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'diana%'")
    assert ended > 5
    # The last of the sessions are still being cut while the loop is over: the next test begins with whole ones.
    shared.insist_all(PEOPLE, ["afterwards", "/help"])
    shared.settle(allowed=MAY_FAIL)


def test_f33_the_answer_to_a_commit_is_lost(shared: Community) -> None:
    """The update is kept and nobody knows: Telegram delivers it again, and that is a copy."""
    proxy = CommitSwallower(shared.servers.postgres_port)
    port = ports.free_port()
    url = shared.servers.url("diana_app", shared.database).replace(
        f":{shared.servers.postgres_port}/", f":{proxy.port}/"
    )
    door = shared.processes.start("door", DOOR_PORT=str(port), DATABASE_URL=url)
    try:
        wait_until(lambda: ports.answers(port), "the second door")
        with shared.at_port(port):
            shared.insist(1, "/help")
            for person in PEOPLE:
                proxy.armed.set()
                shared.insist(person, "said once")
                assert not proxy.armed.is_set()
    finally:
        door.kill()
        proxy.close()
    assert proxy.swallowed == len(PEOPLE)
    assert shared.statuses.count(503) == len(PEOPLE)
    shared.settle(allowed=MAY_FAIL)
    assert sum(int(row[0]) for row in shared.sql("SELECT count FROM bot_refusal WHERE reason = 'copy'")) == len(PEOPLE)  # type: ignore[call-overload]


def test_f35_a_deadlock_is_nobodys_fault(shared: Community) -> None:
    """The application alone makes none; a superuser who locks the other way round makes one, and it costs a retry."""
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    shared.say_all(PEOPLE, ["one", "/daily", "two", "/help"])
    shared.settle()
    with superuser(shared) as session:
        session.execute("SELECT pg_stat_force_next_flush()")
        assert session.execute(deadlocks).fetchone() == (0,)
        person = int(session.execute("SELECT id FROM users_person WHERE telegram_id = 7001").fetchone()[0])  # type: ignore[index]
        # The worker looks after a second, this session after ten: the worker is the one who is stopped.
        session.execute("SET deadlock_timeout TO '10s'")
        session.execute("BEGIN")
        session.execute("SELECT FROM gamification_progress WHERE account_id = %s FOR UPDATE", (person,))
        shared.say(1, "three")
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename LIKE 'diana%'"
        wait_until(lambda: session.execute(waiting).fetchone() != (0,), "the worker that waits")
        session.execute(
            "SELECT FROM event_cursor WHERE subscriber = 'gamification.award_points' AND lane = %s FOR UPDATE",
            (lane_of(str(person)),),
        )
        session.execute("COMMIT")
        wait_until(lambda: session.execute(deadlocks).fetchone() == (1,), "the deadlock in the statistics")
    shared.settle()


def test_f36_f37_f38_errors_of_the_surroundings_are_charged_to_nobody(shared: Community) -> None:
    """A trigger raises what cannot be had in any other way at will: each of them twice, in the webhook and in the worker."""
    codes = ["40001", "40P01", "55P03", "57014", "53100", "53200"]
    with superuser(shared) as session:
        session.execute("CREATE SEQUENCE strokes; GRANT USAGE ON strokes TO public")
        session.execute(
            "CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n bigint := nextval('strokes');"
            " BEGIN IF n % 2 = 0 AND n <= 24 THEN RAISE EXCEPTION 'struck' USING ERRCODE ="
            f" ('{{{','.join(codes)}}}'::text[])[1 + (n / 2) % 6]; END IF; RETURN NEW; END $$"
        )
        for table in ("bot_update", "gamification_entry"):
            session.execute(f"CREATE TRIGGER a_strike BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION strike()")
        try:
            for number in range(4):
                shared.insist_all(PEOPLE, [f"message {number}", "/help"])
            shared.settle(allowed=MAY_FAIL)
            assert int(session.execute("SELECT last_value FROM strokes").fetchone()[0]) > 24  # type: ignore[index]
        finally:
            session.execute("DROP FUNCTION strike() CASCADE")
            session.execute("DROP SEQUENCE strokes")
    assert 503 in shared.statuses


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), file.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 512)


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A disk of 4 MiB, mounted at the place; for whoever is not root in a namespace of its own, which is reached by /proc."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", str(place)]
    if os.geteuid() == 0:
        subprocess.run(mount, check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
        return
    holding = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        f"{shlex.join(mount)} && echo && exec cat",
    ]
    with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline(), "no namespace may be made here"
        try:
            yield Path(f"/proc/{holder.pid}/root{place}")
        finally:
            holder.stdin.close()


@pytest.fixture
def ballast(shared: Community, tmp_path: Path) -> Iterator[Path]:
    """The updates' table on a disk of its own, which is full; this file fills it."""
    with small_disk(tmp_path / "disk") as disk, superuser(shared) as session:
        ballast = disk / "ballast"
        session.execute(f"CREATE TABLESPACE small LOCATION '{disk}'")
        session.execute("ALTER TABLE bot_update SET TABLESPACE small")
        fill(ballast)
        yield ballast
        ballast.unlink(missing_ok=True)
        session.execute("ALTER TABLE bot_update SET TABLESPACE pg_default")
        session.execute("CHECKPOINT")
        session.execute("DROP TABLESPACE small")


def test_f39_a_full_disk(shared: Community, ballast: Path) -> None:
    """Nothing is kept by halves, Telegram is asked to come again, and with space everything goes on."""
    before = int(shared.sql("SELECT count(*) FROM bot_update")[0][0])  # type: ignore[call-overload]
    refused = 0
    for number in range(200):
        person = number % len(PEOPLE) + 1
        # Text that does not let itself be compressed.
        if shared.deliver(shared.update(person, random.Random(number).randbytes(2000).hex())) == 200:
            shared.count(person, "message")
        else:
            refused += 1
        if refused == 5:
            break
    assert shared.statuses.count(503) == refused == 5
    assert shared.sql("SELECT count(*) FROM bot_update") == [(before + shared.statuses.count(200),)]
    assert shared.sql(
        "SELECT count(*) FROM event_log WHERE type IN ('bot.update_received', 'bot.message_received')"
        " AND event_id NOT IN (SELECT event_id FROM bot_update)"
    ) == [(0,)]
    ballast.unlink()
    shared.insist_all(PEOPLE, ["there is space again", "/help"])
    shared.settle(allowed=MAY_FAIL)


def test_f41_no_connection_is_left(shared: Community) -> None:
    """Somebody takes all of them and ours are cut: the webhook says so at once and is back with the first free one."""
    taken: list[psycopg.Connection] = []

    def take_all() -> None:
        with suppress(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(shared.servers.postgres.admin_url(shared.database), autocommit=True))

    try:
        take_all()
        assert len(taken) > 100
        ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'diana%'"
        for _ in range(20):
            taken[0].execute(ours)
            take_all()
            status = shared.deliver(shared.update(1, "nobody hears this"))
            if status == 503:
                break
            shared.count(1, "nobody hears this")
        else:
            raise AssertionError("the webhook always found a connection")
    finally:
        for connection in taken:
            connection.close()
    assert max(shared.post_seconds) < 6
    shared.insist_all(PEOPLE, ["there is room again", "/help"])
    shared.settle(allowed=MAY_FAIL)


def test_f43_a_change_of_a_table_under_load_gives_way(shared: Community) -> None:
    """With `migrate`'s lock_timeout a change that has to wait for a long reader gives up before anybody notices much."""
    call_command("migrate", verbosity=0)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("2s",)
    owner = shared.servers.url("diana_owner", shared.database)
    with (
        under_load(shared),
        superuser(shared) as reader,
        psycopg.connect(owner, autocommit=True) as migration,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM bot_update")
        migration.execute("SET lock_timeout TO '200ms'")
        for _ in range(3):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                migration.execute("ALTER TABLE bot_update ADD COLUMN later text")
        reader.execute("COMMIT")
        migration.execute("ALTER TABLE bot_update ADD COLUMN later text")
        migration.execute("ALTER TABLE bot_update DROP COLUMN later")
    assert max(shared.post_seconds) < 1.5
    shared.settle()
