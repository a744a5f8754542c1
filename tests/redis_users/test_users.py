"""Users of Redis: the table against a real server, and who of them may do what."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from fnmatch import fnmatchcase
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command
from kombu import Connection
from kombu.exceptions import OperationalError

from config import redis_access
from config.celery import app
from config.variable import PROCESSES
from config.variables import BY_NAME
from diana.local.procfile import read_procfile
from diana.local.valkey import Valkey
from diana.redis_users import BY_VARIABLE, CONNECTION, DRILLS, USERS, Right, User, acl_lines, broker_variable, hashed
from tests.servers import ROOT, Servers

# One of each kind that there is, and some that are nobody's.
KEYS = [
    "domain",
    "backfill\x06\x169",
    "telegram",
    "unacked",
    "unacked_mutex",
    "_kombu.binding.domain",
    "_kombu.binding_permanent.telegram",
    "_kombu.binding.celery.pidbox",
    "_kombu.binding_deadlines",
    "worker@here.celery.pidbox",
    "0c-1-2-3-4.reply.celery.pidbox",
    "celeryev.0c-1",
    "diana:wake:bot.handle_update:3",
    "diana:sent:bot.handle_update",
    "diana:relay:bot.handle_update",
    "diana:board:{weekly:2026-11-23:everyone}",
    "{diana:telegram}:all",
    "diana:other",
    "celery",
    "x",
]
CHANNELS = ["diana:feed", "/0.celery.pidbox", "/0.celeryev/worker.heartbeat", "/1.celery.pidbox", "x"]
# Arguments beside the key with which a command is complete; of those that are left out the key is enough.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("lpush", "rpush", "sadd", "srem", "set", "hget", "hdel", "zrem", "zscore", "zmscore"), ("1",)),
    **dict.fromkeys(("brpop", "lindex", "pexpire", "expire"), ("1",)),
    **dict.fromkeys(("hset", "zadd", "zrange", "zcount", "zrangebyscore", "zremrangebyscore", "ltrim"), ("1", "1")),
    "rename": ("diana:board:{x}",),
}
SCRIPTS = ("eval", "evalsha")
ON_CHANNELS = ("publish", "subscribe", "psubscribe")
WITHOUT_KEYS = {"multi", "exec", "discard", "unwatch", "time", "info", "ping", "quit", "reset", "punsubscribe"}
# Of those that Redis calls dangerous, the one that the check of the broker's policy needs.
HARMLESS = {"info"}
FORBIDDEN = [
    *(
        "flushall",
        "flushdb",
        "keys *",
        "monitor",
        "shutdown",
        "save",
        "bgsave",
        "swapdb 0 1",
        "config get *",
        "debug sleep 0",
    ),
    *("config set maxmemory 1", "acl list", "acl whoami", "module list", "script flush", "script kill", "client list"),
    *("client kill 127.0.0.1:1", "replicaof no one", "scan 0", "randomkey", "dbsize", "latency doctor", "slowlog get"),
    *("pubsub channels", "failover", "cluster reset", "function list", "client pause 1", "psubscribe *"),
]


@pytest.fixture
def owner(valkey: str) -> Iterator[redis.Redis]:
    """A client that may do everything; what the test had refused is forgotten after it."""
    with redis.Redis.from_url(valkey) as client:
        yield client
        client.acl_log_reset()


def client_of(user: User, servers: Servers) -> redis.Redis:
    """Return a client that comes as the user."""
    return redis.Redis.from_url(servers.redis_variables()[user.variable])


def matches(pattern: str, name: str) -> bool:
    """Say whether a pattern of the table stands for the name."""
    return fnmatchcase(name, pattern.replace("{db}", "0"))


def grants(right: Right, command: str, names: list[str], *, channel: bool = False) -> bool:
    """Say whether the table gives the command on all of these keys, or on this channel."""
    patterns = right.channels if channel else right.keys
    if command == "psubscribe":
        # As a pattern it must stand in the table letter by letter.
        return command in right.commands and all(n in [p.replace("{db}", "0") for p in patterns] for n in names)
    return command in right.commands and all(any(matches(p, n) for p in patterns) for n in names)


def commands() -> set[str]:
    return {command for user in USERS for right in (CONNECTION, *user.rights) for command in right.commands}


def cells() -> list[tuple[User, tuple[str, ...], bool]]:
    """Return user, command with arguments, and what the table says, for all that anybody may do on anything."""
    found = []
    on_keys = sorted(c for c in commands() - WITHOUT_KEYS - {*ON_CHANNELS, *SCRIPTS, "unsubscribe"} if "|" not in c)
    on_keys = [c for c in on_keys if c not in ("auth", "hello", "select", "command", "asking")]
    for user in USERS:
        for key in KEYS:
            for command in on_keys:
                names = [key, *ARGUMENTS["rename"]] if command == "rename" else [key]
                line = (command, key, *ARGUMENTS.get(command, ()))
                found.append((user, line, any(grants(right, command, names) for right in user.rights)))
            for command in SCRIPTS:
                told = any(grants(right, command, [key]) for right in user.rights)
                found.append((user, (command, "return 1", "1", key), told))
        for channel in [*CHANNELS, "/0.celeryev/*"]:
            for command in ON_CHANNELS:
                line = (command, channel, "1") if command == "publish" else (command, channel)
                told = any(grants(right, command, [channel], channel=True) for right in user.rights)
                found.append((user, line, told))
    return found


def refusals(owner: redis.Redis, asked: list[tuple[str, tuple[str, ...]]]) -> list[bool]:
    """Return of each command whether the server would refuse it to the user."""
    with owner.pipeline(transaction=False) as pipeline:
        for user, line in asked:
            pipeline.execute_command("ACL", "DRYRUN", user, *line)
        answers = pipeline.execute(raise_on_error=False)
    assert not [a for a in answers if isinstance(a, Exception)], answers
    return [answer != b"OK" for answer in answers]


def test_the_server_lets_each_user_do_what_the_table_says_and_nothing_else(owner: redis.Redis) -> None:
    table = cells()
    refused = refusals(owner, [(user.name, line) for user, line, _ in table])
    wrong = [(u.name, line, told) for (u, line, told), no in zip(table, refused, strict=True) if told is no]
    assert wrong == []
    assert 300 < refused.count(False) < len(table) / 4


def test_nobody_may_what_is_dangerous(owner: redis.Redis) -> None:
    dangerous = {name.decode() for name in owner.execute_command("ACL", "CAT", "dangerous")}
    assert commands() & dangerous == HARMLESS
    asked = [(user.name, tuple(line.split())) for user in USERS for line in FORBIDDEN]
    assert [one for one, no in zip(asked, refusals(owner, asked), strict=True) if not no] == []


def test_every_command_of_the_table_is_tried_or_belongs_to_connections(owner: redis.Redis) -> None:
    tried = {line[0] for _, line, _ in cells()} | {*CONNECTION.commands, "unsubscribe", "punsubscribe"}
    cluster = {c for c in commands() if c.startswith("cluster|")} | {"command", "asking"}
    assert commands() - tried - cluster == {"script|load", "script|exists"}


def test_without_a_user_nobody_comes_in(owner: redis.Redis, servers: Servers) -> None:
    port = servers.valkey_port
    for account in ("", "default:x@", ":x@", "diana-worker:x@", f"{DRILLS}:x@"):
        with redis.Redis.from_url(f"redis://{account}127.0.0.1:{port}/0") as stranger, pytest.raises(redis.RedisError):
            stranger.ping()


@pytest.mark.parametrize("user", ["diana-publisher", "diana-cache"])
def test_who_publishes_cannot_control_workers(user: str, owner: redis.Redis, servers: Servers) -> None:
    url = next(servers.redis_variables()[one.variable] for one in USERS if one.name == user)
    with owner.pubsub() as heard:
        heard.psubscribe("/0.celery.pidbox")
        heard.get_message(timeout=5)
        for given, arrives in ((servers.redis_url, True), (url, False)):
            with Connection(given) as connection:
                refused = pytest.raises(OperationalError, match=r"(?i)no permissions")
                with nullcontext() if arrives else refused:
                    app.control.mailbox(connection)._publish("shutdown", {}, producer=connection.Producer())
            assert bool(heard.get_message(timeout=0.2)) is arrives


def test_each_process_takes_the_address_of_its_user() -> None:
    assert {*PROCESSES, "door"} == {process for user in USERS for process in user.processes}
    for process in read_procfile(ROOT / "Procfile").processes:
        assert process in BY_VARIABLE[broker_variable(process)].processes
    assert broker_variable("worker-2") == "REDIS_WORKER_URL"
    for user in USERS:
        needed = BY_NAME[user.variable].needed
        assert set(needed) == set(user.processes) & set(PROCESSES)


def test_the_page_is_up_to_date() -> None:
    stale = "docs/redis-users.md is stale: run `manage.py redis_users --page > docs/redis-users.md` and commit it."
    assert (ROOT / "docs" / "redis-users.md").read_text() == redis_access.markdown(), stale


def test_compose_has_the_same_users() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    written = re.search(r"\n  redis_users:\n    content: \|\n((?:      .*\n)+)", compose)
    assert written
    stale = "docker-compose.yml is stale: put the lines of `manage.py redis_users --compose` under redis_users."
    assert [line.strip() for line in written[1].splitlines()] == redis_access.compose_lines(), stale
    for user in USERS:
        address = f"{user.variable}: redis://{user.name}:${{{redis_access.PASSWORDS[user.variable]}:?}}@valkey:6379/0"
        assert address in compose


def told(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = StringIO()
    call_command("redis_users", stdout=out)
    return out.getvalue().splitlines()


def test_the_command_prints_the_users_with_digests_of_the_environments_passwords(
    owner: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {user.variable: f"redis://{user.name}:word%2F{n}@host:6379/2" for n, user in enumerate(USERS)}
    lines = told(monkeypatch, given)
    assert lines == acl_lines({u.name: hashed(f"word/{n}") for n, u in enumerate(USERS)}, db=2)
    assert "word" not in "".join(lines)
    assert DRILLS not in "".join(lines)
    assert "&/2.celery.pidbox" in lines[2]
    for line in lines[1:]:
        assert owner.execute_command("ACL", "SETUSER", "tried", "reset", *line.split()[2:]) == b"OK"


def test_the_documented_step_makes_users_beside_those_that_are_there(owner: redis.Redis, servers: Servers) -> None:
    operations = (ROOT / "docs" / "operations.md").read_text()
    step = re.search(r"python manage.py redis_users \| (sed .*?) \| valkey-cli", operations)
    assert step
    given = {user.variable: f"redis://{user.name}:of-the-upgrade@host:6379/0" for user in USERS}
    done = subprocess.run(
        ["sh", "-c", step[1]], input=redis_access.acl_file(given), capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(USERS)
    for line in lines:
        assert owner.execute_command(*line.split()) == b"OK"
    for user in USERS:
        with redis.Redis(port=servers.valkey_port, username=user.name, password="of-the-upgrade") as client:
            assert client.ping()
    assert owner.ping(), "who was there before stays"


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        ({"REDIS_WORKER_URL": ""}, "REDIS_WORKER_URL is not set"),
        ({"REDIS_URL": "redis://:word@host:6379/0"}, "REDIS_URL .*diana-publisher"),
        ({"CACHE_URL": "redis://diana-cache@host:6379/0"}, "CACHE_URL .*password"),
        ({"REDIS_FLOWER_URL": "redis://diana-flower:word@host:6379/3"}, "one database"),
    ],
)
def test_it_says_what_is_missing(change: dict[str, str], cure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {user.variable: f"redis://{user.name}:word@host:6379/0" for user in USERS}
    with pytest.raises(CommandError, match=cure):
        told(monkeypatch, given | change)


def test_a_valkey_of_ones_own_has_them_all(owner: redis.Redis, servers: Servers) -> None:
    names = {line.split()[1] for line in owner.acl_list()}
    assert names == {"default", DRILLS, *(user.name for user in USERS)}
    for user in USERS:
        with client_of(user, servers) as client:
            assert client.ping()


def test_a_valkey_keeps_its_passwords(tmp_path: Any) -> None:
    assert Valkey(tmp_path, port=1).variables() == Valkey(tmp_path, port=1).variables()
    assert len(set(Valkey(tmp_path, port=1).variables().values())) == len(USERS)
