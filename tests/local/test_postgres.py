"""The local PostgreSQL: started, stopped, killed, taken over, and closed to those without the password."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from diana.local import accounts
from diana.local.errors import LocalError
from diana.local.files import read_text
from diana.local.postgres import Postgres

# Shared memory of System V: the second column is the segment's id, the fifth the process that made it.
SEGMENTS = Path("/proc/sysvipc/shm")


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres", durable=False)
    yield server
    server.kill()


def value(server: Postgres, query: str) -> object:
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_it_starts_with_checksums_and_one_locale_everywhere_and_stops(postgres: Postgres) -> None:
    postgres.start()

    assert value(postgres, "SHOW data_checksums") == "on"
    assert value(postgres, "SHOW max_connections") == "200"
    assert value(postgres, "SELECT datlocale FROM pg_database WHERE datname = 'template1'") == "C.UTF-8"
    postgres.stop()
    assert not postgres.running()


def test_it_keeps_a_durable_cluster_behind_its_password(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", settings={"work_mem": "5MB"})
    server.start()
    try:
        assert value(server, "SHOW fsync") == "on"
        assert value(server, "SHOW work_mem") == "5MB"
        password = read_text(server.directory / "password")
        assert (server.directory / "password").stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.admin_url().replace(password, "wrong"))
    finally:
        server.kill()


def test_it_listens_on_loopback_only(postgres: Postgres) -> None:
    postgres.start()

    assert value(postgres, "SHOW listen_addresses") == "127.0.0.1"
    assert value(postgres, "SHOW unix_socket_directories") == ""


def test_it_takes_a_running_cluster_over_instead_of_starting_it_twice(postgres: Postgres) -> None:
    postgres.start()
    first = value(postgres, "SELECT pg_postmaster_start_time()::text")
    other = Postgres(postgres.directory, durable=False)

    other.start()

    assert other.running()
    assert value(other, "SELECT pg_postmaster_start_time()::text") == first
    other.stop()
    assert not postgres.running()


def test_it_recovers_what_was_committed_before_a_kill(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", durable=False, settings={"synchronous_commit": "on"})
    postgres.start()
    with psycopg.connect(postgres.admin_url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")

    postgres.kill()
    assert not postgres.running()
    postgres.start()

    assert value(postgres, "SELECT seven FROM kept") == 7
    postgres.kill()


def test_a_kill_leaves_nothing_outside_the_directory(postgres: Postgres) -> None:
    postgres.start()
    postmaster = postgres._postmaster()
    assert postmaster
    segments = {line.split()[1] for line in SEGMENTS.read_text().splitlines() if str(postmaster.pid) in line.split()}
    assert segments
    assert not [mapped.path for mapped in postmaster.memory_maps() if mapped.path.startswith("/dev/shm/")]

    postgres.kill()

    assert not segments & {line.split()[1] for line in SEGMENTS.read_text().splitlines()}


def test_it_moves_to_another_port_when_its_own_was_taken_meanwhile(postgres: Postgres) -> None:
    postgres.start()
    before = postgres.port
    postgres.stop()

    with socket.create_server(("127.0.0.1", before)):
        postgres.start()

        assert postgres.port != before
        assert value(postgres, "SELECT 1") == 1


def test_it_returns_to_its_port_when_that_is_free(postgres: Postgres) -> None:
    postgres.start()
    before = postgres.port
    postgres.stop()

    postgres.start()

    assert postgres.port == before


def test_it_refuses_a_demanded_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Postgres(tmp_path / "postgres", port=taken.getsockname()[1], durable=False)
        with pytest.raises(LocalError, match="is taken: give PostgreSQL another"):
            server.start()


def test_it_shows_the_log_when_the_server_does_not_come_up(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", durable=False, settings={"no_such_setting": "1"})

    with pytest.raises(LocalError, match=r'(?s)ended while starting.*"no_such_setting"'):
        server.start()

    assert not server.running()


def test_it_refuses_a_cluster_of_another_major_version(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", durable=False)
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(LocalError, match=r"was made by PostgreSQL 9.*make clean"):
        server.start()


def test_it_makes_the_cluster_anew_after_an_interrupted_initdb(postgres: Postgres) -> None:
    half = postgres.directory / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    postgres.start()

    assert postgres.running()
    assert not half.exists()


def test_it_does_not_take_a_stranger_for_the_server(postgres: Postgres) -> None:
    postgres.data.mkdir(parents=True)
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n0\n5432\n")

    assert not postgres.running()
    postgres.kill()


def test_it_never_runs_as_root(tmp_path: Path) -> None:
    # Root without user namespaces becomes nobody; anyone else stays who they are.
    account = accounts.nobody() if os.geteuid() == 0 else accounts.server_account()
    server = Postgres(tmp_path / "postgres", durable=False, account=account)
    try:
        server.start()
        assert server.data.stat().st_uid != 0
        assert value(server, "SELECT 1") == 1
    finally:
        server.stop()
