"""An instance: its secrets, its ports, and what wins over them."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from diana.local.errors import LocalError
from diana.local.instance import DEFAULT_PORTS, Instance, with_account
from diana.local.ports import is_free
from diana.local.postgres import Postgres

SERVERS_ELSEWHERE = {
    "DATABASE_URL": "postgresql://app:x@db/diana",
    "DATABASE_OWNER_URL": "postgresql://owner:y@db/diana",
    "REDIS_URL": "redis://cache/0",
}


def elsewhere(root: Path, **given: str) -> Instance:
    return Instance("test", root=root, given=SERVERS_ELSEWHERE | given)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance("test", root=tmp_path, given={})
    yield instance
    for server in (instance.postgres, instance.valkey):
        if server:
            server.kill()


def test_it_starts_both_servers_and_writes_what_reaches_them(local: Instance) -> None:
    local.start_services()

    path = local.directory / "env"
    assert path.stat().st_mode & 0o777 == 0o600
    written = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert written == local.variables()
    for variable, role in (("DATABASE_URL", "diana_app"), ("DATABASE_OWNER_URL", "diana_owner")):
        with psycopg.connect(written[variable]) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (role, "diana")
    with redis.Redis.from_url(written["REDIS_URL"]) as client:
        assert client.ping()

    Instance("test", root=local.root, given={}).stop_services()
    assert local.postgres
    assert local.valkey
    assert not local.postgres.running()
    assert not local.valkey.running()


def test_it_makes_secrets_once(tmp_path: Path) -> None:
    first, second = elsewhere(tmp_path).variables(), elsewhere(tmp_path).variables()

    assert first == second
    assert (tmp_path / ".diana/test/secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(first["TELEGRAM_WEBHOOK_SECRET"]) >= 43
    assert first["FLOWER_BASIC_AUTH"].startswith("diana:")
    assert first["DIANA_STATE_DIR"] == str(tmp_path / ".diana/test")


def test_it_shares_no_secret_with_another_checkout(tmp_path: Path) -> None:
    here, there = elsewhere(tmp_path / "here").variables(), elsewhere(tmp_path / "there").variables()

    for name in ("DJANGO_SECRET_KEY", "TELEGRAM_WEBHOOK_SECRET", "FLOWER_BASIC_AUTH", "TELEGRAM_BOT_TOKEN"):
        assert here[name] != there[name]


@pytest.mark.parametrize(
    "name",
    ["DJANGO_SECRET_KEY", "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "FLOWER_BASIC_AUTH", "PORT", "DIANA_ENV"],
)
def test_it_lets_the_process_environment_win(tmp_path: Path, name: str) -> None:
    assert elsewhere(tmp_path, **{name: "given"}).variables()[name] == "given"


def test_it_takes_an_empty_variable_for_none(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, DJANGO_SECRET_KEY="").variables()["DJANGO_SECRET_KEY"]


def test_it_starts_no_server_that_was_given(tmp_path: Path) -> None:
    instance = elsewhere(tmp_path, TELEGRAM_API_URL="https://api.telegram.org")

    assert instance.postgres is None
    assert instance.valkey is None
    assert not instance.has_sandbox
    assert instance.variables()["EVENTS_KEEP_VISITS"] == "false"
    assert instance.variables().items() >= SERVERS_ELSEWHERE.items()


def test_it_makes_the_application_role_where_only_one_database_url_is_given(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres")
    server.start()
    try:
        given = {"DATABASE_URL": server.admin_url(), "REDIS_URL": "redis://cache/0"}
        instance = Instance("test", root=tmp_path, given=given)
        instance.start_services()

        variables = instance.variables()
        assert variables["DATABASE_OWNER_URL"] == server.admin_url()
        with psycopg.connect(variables["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("diana_app",)
    finally:
        server.kill()


def test_it_takes_any_free_port_where_the_usual_one_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        if is_free(DEFAULT_PORTS["PORT"]):
            taken.bind(("127.0.0.1", DEFAULT_PORTS["PORT"]))
            taken.listen()
        instance = elsewhere(tmp_path)
        instance.settle_ports()

        chosen = [int(instance.variables()[name]) for name in DEFAULT_PORTS]

    assert DEFAULT_PORTS["PORT"] not in chosen
    assert len(set(chosen)) == len(DEFAULT_PORTS)


def test_it_refuses_a_given_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        instance = elsewhere(tmp_path, PORT=str(taken.getsockname()[1]))
        with pytest.raises(LocalError, match="set PORT to a free one"):
            instance.settle_ports()


def test_it_points_the_bot_at_the_port_of_the_sandbox(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, SANDBOX_PORT="9999").variables()["TELEGRAM_API_URL"] == "http://127.0.0.1:9999"
    assert elsewhere(tmp_path).variables()["EVENTS_KEEP_VISITS"] == "true"


def test_it_keeps_a_real_token_away_from_the_sandbox(tmp_path: Path) -> None:
    token = f"123456789:{'a' * 35}"

    with pytest.raises(LocalError, match="set TELEGRAM_API_URL"):
        elsewhere(tmp_path, TELEGRAM_BOT_TOKEN=token).variables()
    url = "https://api.telegram.org"
    assert (
        elsewhere(tmp_path, TELEGRAM_BOT_TOKEN=token, TELEGRAM_API_URL=url).variables()["TELEGRAM_BOT_TOKEN"] == token
    )


def test_it_is_run_by_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        elsewhere(tmp_path).alone(),
        pytest.raises(LocalError, match="runs in another terminal"),
        elsewhere(tmp_path).alone(),
    ):
        pass


@pytest.mark.parametrize("name", ["", "../run", "Run", "a b"])
def test_it_refuses_names_that_are_no_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalError, match="no name for an instance"):
        Instance(name, root=tmp_path)


def test_it_keeps_everything_else_of_a_url_for_another_account() -> None:
    url = with_account("postgres://a:b@[::1]:5433/d?sslmode=require", "us:er", "p@ss")

    assert url == "postgres://us%3Aer:p%40ss@[::1]:5433/d?sslmode=require"
