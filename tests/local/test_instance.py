"""An instance: its secrets, its ports, and what wins over them."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from diana.local.commands import addresses
from diana.local.errors import LocalError
from diana.local.instance import DEFAULT_PORTS, Instance, with_account
from diana.local.ports import is_free, reserve
from diana.local.postgres import Postgres
from diana.local.roles import VARIABLES

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
    for variable, role in VARIABLES.items():
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
        for name in ("DATABASE_URL", "DATABASE_STAFF_URL", "DATABASE_DOOR_URL"):
            with psycopg.connect(variables[name]) as connection:
                assert connection.execute("SELECT current_user").fetchone() == (VARIABLES[name],)
    finally:
        server.kill()


def test_it_takes_any_free_port_where_the_usual_one_is_taken(tmp_path: Path) -> None:
    with ExitStack() as stack:
        if is_free(DEFAULT_PORTS["PORT"]):
            stack.enter_context(socket.create_server(("127.0.0.1", DEFAULT_PORTS["PORT"])))
        instance = elsewhere(tmp_path)
        with instance.alone():
            instance.settle_ports()

        chosen = [int(instance.variables()[name]) for name in DEFAULT_PORTS]

    assert DEFAULT_PORTS["PORT"] not in chosen
    assert len(set(chosen)) == len(DEFAULT_PORTS)


def test_two_that_start_at_the_same_time_share_no_port(tmp_path: Path) -> None:
    one, other = elsewhere(tmp_path / "one"), elsewhere(tmp_path / "other")
    with one.alone(), other.alone():
        one.settle_ports()
        other.settle_ports()
        first, second = ({instance.variables()[name] for name in DEFAULT_PORTS} for instance in (one, other))
        assert not first & second
        one.settle_ports()
        assert {one.variables()[name] for name in DEFAULT_PORTS} == first
    holder = reserve(int(first.pop()))
    assert holder
    holder.close()


def test_it_refuses_a_given_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        instance = elsewhere(tmp_path, PORT=str(taken.getsockname()[1]))
        with pytest.raises(LocalError, match="set PORT to a free one"):
            instance.settle_ports()


def test_it_points_the_bot_at_the_port_of_the_sandbox(tmp_path: Path) -> None:
    assert elsewhere(tmp_path, SANDBOX_PORT="9999").variables()["TELEGRAM_API_URL"] == "http://127.0.0.1:9999"
    assert elsewhere(tmp_path).variables()["EVENTS_KEEP_VISITS"] == "true"


REAL = f"123456789:{'a' * 35}"


@pytest.mark.parametrize("token", [REAL, f" {REAL}\n"])
def test_a_real_token_takes_the_place_of_the_sandbox_and_is_polled_for(tmp_path: Path, token: str) -> None:
    instance = elsewhere(tmp_path, TELEGRAM_BOT_TOKEN=token)
    variables = instance.variables()
    assert (instance.has_sandbox, instance.polls) == (False, True)
    assert variables["TELEGRAM_API_URL"] == "https://api.telegram.org"
    assert (variables["TELEGRAM_UPDATES"], variables["TELEGRAM_BOT_TOKEN"]) == ("poll", token)


@pytest.mark.parametrize(
    ("given", "polls"),
    [
        ({}, False),
        ({"TELEGRAM_UPDATES": "poll"}, True),
        ({"TELEGRAM_BOT_TOKEN": REAL, "TELEGRAM_UPDATES": "webhook"}, False),
        ({"TELEGRAM_BOT_TOKEN": "1:made-up", "TELEGRAM_API_URL": "http://127.0.0.1:1"}, False),
        ({"TELEGRAM_BOT_TOKEN": REAL, "TELEGRAM_API_URL": "http://127.0.0.1:1"}, True),
    ],
)
def test_whether_it_polls_can_be_said(tmp_path: Path, given: dict[str, str], polls: bool) -> None:
    instance = elsewhere(tmp_path, **given)
    assert instance.polls is polls
    assert instance.variables()["TELEGRAM_UPDATES"] == ("poll" if polls else "webhook")
    assert instance.variables()["TELEGRAM_API_URL"].startswith(given.get("TELEGRAM_API_URL", "http"))


def test_a_real_token_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    instance = elsewhere(tmp_path, TELEGRAM_BOT_TOKEN=REAL)
    instance.secrets  # noqa: B018  # made at their first use
    instance.write_environment()
    holding = [path for path in instance.directory.rglob("*") if path.is_file() and REAL in path.read_text()]
    assert [path.name for path in holding] == ["env"]
    assert holding[0].stat().st_mode & 0o077 == 0


def test_it_asks_no_proxy_for_the_sandbox(tmp_path: Path) -> None:
    proxies = {"HTTPS_PROXY": "http://proxy:3128", "all_proxy": "socks5://proxy:1080", "no_proxy": "db"}

    assert not proxies.keys() & elsewhere(tmp_path, **proxies).environment().keys()
    telegram = elsewhere(tmp_path, TELEGRAM_API_URL="https://api.telegram.org", **proxies)
    assert telegram.environment().items() >= proxies.items()


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


def test_the_page_has_a_token_for_each_start_that_only_its_owner_reads(tmp_path: Path) -> None:
    instance = elsewhere(tmp_path)
    tokens = set()
    for _ in range(2):
        instance.renew_page_token()
        instance.write_environment()
        tokens.add(elsewhere(tmp_path).variables()["SANDBOX_PAGE_TOKEN"])
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)
    for name in ("env", "page-token"):
        assert (tmp_path / ".diana/test" / name).stat().st_mode & 0o777 == 0o600


def test_the_chat_page_is_the_first_address(tmp_path: Path) -> None:
    instance = elsewhere(tmp_path)
    instance.renew_page_token()
    token = instance.variables()["SANDBOX_PAGE_TOKEN"]
    first, *rest = addresses(instance, {"username": "staff", "password": "x"}).split("\n\n")
    assert first == f"\n  Talk to the bot: http://127.0.0.1:8081/#{token}"
    assert "manage.py say ada /start" in rest[-1]
    real = elsewhere(tmp_path / "real", TELEGRAM_API_URL="https://api.telegram.org", TELEGRAM_BOT_TOKEN="1:x")
    assert "Talk to the bot" not in addresses(real, {})
