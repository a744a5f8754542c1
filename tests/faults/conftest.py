"""A community of real processes: the door, workers, relay, a sandbox of the Bot API, and people who write."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from diana import clock
from diana.local import ports
from diana.sandbox.running import Sandbox, running_sandbox
from tests.conftest import database_named
from tests.processes import Process, Processes, running_processes, wait_until
from tests.servers import Servers

SECRET = "secret-of-the-tests-0123456789abcdef"
GROUP = {"id": -100_500, "type": "supergroup", "title": "Members"}


class Community:
    """People who write to the bot by its webhook, and what SQL says became of it."""

    def __init__(
        self, processes: Processes, sandbox: Sandbox, servers: Servers, database: str, port: int, door: Process
    ) -> None:
        self.processes, self.sandbox, self.servers = processes, sandbox, servers
        self.database, self.port = database, port
        # The processes by name; a test that starts one anew says so here.
        self.started = {"door": door}
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
        self._ids = itertools.count(1000)
        self.statuses: list[int] = []
        self.post_seconds: list[float] = []
        self.sent: Counter[tuple[int, str]] = Counter()

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def start_worker(self, name: str = "worker", **options: str) -> Process:
        """Start a worker, wait until it takes tasks, and know it by its name."""
        self.started[name] = self.processes.start_worker(name, **options)
        return self.started[name]

    @contextmanager
    def at_port(self, port: int) -> Iterator[None]:
        """Have people talk to another door."""
        mine = self._http
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as self._http:
            yield
        self._http = mine

    def say(self, person: int, text: str) -> None:
        """Deliver a private message of the person (1, 2, 3 …) as Telegram would; the answer's status is kept."""
        self.deliver(self.update(person, text))
        self.count(person, text)

    def insist(self, person: int, text: str, *, seconds: float = 20) -> None:
        """Deliver the same update until it is taken, as Telegram does; 0 stands for a connection that was cut."""
        body, deadline = self.update(person, text), time.monotonic() + seconds
        while self.deliver(body) != 200:
            assert time.monotonic() < deadline, f"never taken; the last answers were {self.statuses[-5:]}"
            time.sleep(0.1)
        self.count(person, text)

    def insist_all(self, people: range, texts: list[str]) -> None:
        """Have all of them insist on these things, each in order, four people at a time."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda person: [self.insist(person, text) for text in texts], people))

    def count(self, person: int, text: str) -> None:
        """Note that the webhook has taken something whose effect must be there once."""
        self.sent[person, text if text.startswith("/") else "message"] += 1

    def update(self, person: int, text: str, *, update_id: int | None = None) -> dict[str, Any]:
        """Return the update that brings a command, or a message in the group: there it counts."""
        update_id = next(self._ids) if update_id is None else update_id
        home = {"id": 7000 + person, "type": "private", "first_name": f"Member {person}"}
        message = {
            "message_id": update_id,
            "from": {"id": 7000 + person, "is_bot": False, "first_name": f"Member {person}", "language_code": "en"},
            "chat": home if text.startswith("/") else GROUP,
            "date": int(clock.now().timestamp()),
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return {"update_id": update_id, "message": message}

    def deliver(self, body: dict[str, Any]) -> int:
        """Post an update; return the status, or 0 where there was no answer. Both and the time are kept."""
        started = time.monotonic()
        try:
            status = self._http.post(
                "/telegram/webhook", json=body, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}
            ).status_code
        except httpx.TransportError:
            status = 0
        self.post_seconds.append(time.monotonic() - started)
        self.statuses.append(status)
        return status

    def say_all(self, people: range, texts: list[str]) -> None:
        """Have all of them say these things, each in order, four people at a time."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda person: [self.say(person, text) for text in texts], people))

    def sql(self, query: str) -> list[tuple[object, ...]]:
        """Return the rows of a query, asked as the superuser."""
        with psycopg.connect(self.servers.postgres.admin_url(self.database), autocommit=True) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def entries(self) -> Counter[tuple[int, str]]:
        """Return how many entries each person has by rule, whatever their amount."""
        rows = self.sql(
            "SELECT p.telegram_id - 7000, e.rule FROM gamification_entry e JOIN users_person p ON p.id = e.account_id"
        )
        return Counter((int(person), str(rule)) for person, rule in rows)  # type: ignore[call-overload]

    def expected_entries(self) -> Counter[tuple[int, str]]:
        """Return what the entries must be, once everything is handled."""
        rules = {"message": "message_sent", "/daily": "daily_login"}
        expected = Counter({(person, rules[text]): n for (person, text), n in self.sent.items() if text in rules})
        return expected + Counter({(person, "login"): 1 for person, _ in self.sent})

    def answers(self) -> Counter[int]:
        """Return how many messages the sandbox was sent for each person."""
        return Counter(call.chat - 7000 for call in self.sandbox.calls(method="sendMessage") if call.chat)

    def expected_answers(self) -> Counter[int]:
        """Return how many answers each person must get at least: one for each command."""
        return Counter(
            {p: sum(n for (q, t), n in self.sent.items() if q == p and t != "message") for p, _ in self.sent}
        )

    def effects_are_there(self) -> bool:
        """Say whether at least everything expected is there."""
        return self.entries() >= self.expected_entries()

    def answers_are_there(self) -> bool:
        """Say whether everybody has at least the answers they wait for."""
        return self.answers() >= self.expected_answers()

    def what_is_missing(self) -> str:
        """Return what a test that waited in vain has to say: effects, answers, cursors, failures, and the processes' logs."""
        behind = self.sql(
            "SELECT c.subscriber, c.lane, c.position, c.trial_at, c.suspect_until, c.paused_until, max(l.id), count(*)"
            " FROM event_cursor c JOIN event_log l ON l.lane = c.lane AND l.id > c.position GROUP BY 1, 2, 3, 4, 5, 6"
        )
        locks = self.sql("SELECT pid, mode, granted, objid FROM pg_locks WHERE locktype = 'advisory'")
        return "\n".join(
            [
                f"the webhook's answers: {Counter(self.statuses)}",
                f"effects: {self.expected_entries() - self.entries()}",
                f"answers: {self.expected_answers() - self.answers()}",
                f"behind: {behind}",
                f"locks: {locks}",
                f"failures: {self.sql('SELECT subscriber, position, status, attempts, error FROM event_failure')}",
                self.processes.logs(),
            ]
        )

    def settle(self, *, allowed: frozenset[int] = frozenset({200})) -> None:
        """Wait for all effects and answers, then assert that each effect is there once and what the webhook answered."""
        try:
            wait_until(self.effects_are_there, "all effects")
            wait_until(self.answers_are_there, "all answers")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.what_is_missing()}") from None
        assert self.entries() == self.expected_entries()
        assert set(self.statuses) <= allowed
        failures = self.sql("SELECT subscriber, lane, position, type, status, attempts, error FROM event_failure")
        assert not failures, f"failed: {failures}"
        assert (
            self.sql(
                "SELECT a.person_id FROM gamification_account a LEFT JOIN gamification_entry e ON e.account_id = a.person_id"
                " GROUP BY a.person_id HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.sequence <> count(e.id)"
            )
            == []
        )


@contextmanager
def running_community(servers: Servers, database: str, directory: Path) -> Iterator[Community]:
    """A community whose door runs; workers and relay are the test's to start and to kill."""
    port = ports.free_port()
    with running_sandbox("1:sandbox-test") as sandbox, running_processes(directory) as processes:
        processes.environment |= {"TELEGRAM_API_URL": sandbox.url, "DOOR_PORT": str(port)}
        door = processes.start("door")
        wait_until(lambda: ports.answers(port), "the door")
        community = Community(processes, sandbox, servers, database, port, door)
        yield community
        community.close()


@pytest.fixture
def community(committed_db: str, valkey: str, servers: Servers, tmp_path: Path) -> Iterator[Community]:
    """A community of the test's own, whose door runs and nothing else."""
    with running_community(servers, committed_db, tmp_path) as community:
        yield community


@pytest.fixture(scope="module")
def shared(
    servers: Servers,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Community]:
    """A community for all tests of a module, with workers and relay: for faults that it survives as it is."""
    servers.valkey.start()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        name = servers.clone()
        # The tests' cluster forgets its last commits when it is killed; this database must not.
        servers.admin("ALTER DATABASE {} SET synchronous_commit TO on", name)
        for variable, address in servers.addresses(name).items():
            patch.setenv(variable, address)
        with (
            database_named(name),
            running_community(servers, name, tmp_path_factory.mktemp("shared")) as community,
        ):
            for process in ("telegram", "worker", "relay"):
                community.started[process] = community.processes.start(process)
            for process in ("telegram", "worker"):
                wait_until(lambda process=process: " ready." in community.started[process].text(), process)
            yield community
        servers.drop(name)
    servers.valkey.stop()


@pytest.fixture
def telegram(community: Community) -> Process:
    """The worker that talks to Telegram."""
    return community.processes.start_worker("telegram")


@pytest.fixture
def relay(community: Community) -> Process:
    """The relay."""
    return community.processes.start("relay")
