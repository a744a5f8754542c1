"""Sends bodies of every kind to a real web process and counts what became of them: `python -m tests.faults.malformed`.

Its last line is one JSON object. It ends with status 1 if one body got an answer it should not get, if anything is
half stored, if an update that was kept is neither handled nor given up, or if a process grew by more than GROWTH_LIMIT_MIB.
"""

import argparse
import http.client
import json
import select
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.faults.bodies import LARGEST_BODY, SECRET_HEADER, Case, cases

SECRET = "secret-of-the-tests-0123456789abcdef"
# Each of eight threads keeps what the largest bodies took, a mebibyte in several forms; more of them add nothing.
GROWTH_LIMIT_MIB = 48
Rows = Callable[[str], list[tuple[Any, ...]]]

# Of an update and its event neither stands without the other, and nobody is known who sent nothing that was kept.
HALF_STORED = """
SELECT count(*) FROM (SELECT * FROM bot_update WHERE kind <> 'edited_message') u FULL JOIN (
    SELECT * FROM event_log WHERE type IN ('bot.update_received', 'bot.message_received')
) e USING (event_id)
WHERE u.id IS NULL OR e.id IS NULL OR e.payload::jsonb ->> 'update' <> u.id::text OR u.person_id IS DISTINCT FROM e.user_id
UNION ALL
SELECT count(*) FROM bot_update WHERE kind = 'edited_message' AND (event_id IS NOT NULL OR handled_at IS NULL)
UNION ALL
SELECT count(*) FROM users_person p WHERE NOT EXISTS (SELECT FROM bot_update u WHERE u.person_id = p.id)
"""


class Sent:
    """What was sent and answered: bodies by status, and each answer that was not the right one."""

    def __init__(self) -> None:
        self.by_status: Counter[int] = Counter()
        self.wrong: list[tuple[int, Case]] = []
        self.kept: set[int] = set()

    def note(self, case: Case, status: int) -> None:
        """Note one answer."""
        self.by_status[status] += 1
        if status != case.status:
            self.wrong.append((status, case))
        if case.kept is not None:
            self.kept.add(case.kept)

    def describe_wrong(self) -> list[str]:
        """Return the first wrong answers, for people."""
        return [f"{status} instead of {case.status}: {case.body[:300]!r}" for status, case in self.wrong[:10]]


def send_all(port: int, chosen: Iterable[Case], *, connections: int = 4) -> Sent:
    """Send them over so many connections that are kept open as long as the server lets them be."""
    sent, source, lock = Sent(), iter(chosen), threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while True:
            with lock:
                case = next(source, None)
            if case is None:
                break
            status = _send(connection, case)
            with lock:
                sent.note(case, status)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def _send(connection: http.client.HTTPConnection, case: Case) -> int:
    """Return the status of the answer; 0 for a connection that was cut without one."""
    secret = SECRET if case.secret is None else case.secret
    try:
        connection.putrequest(case.method, "/telegram/webhook", skip_accept_encoding=True)
        connection.putheader(SECRET_HEADER, secret.encode())
        connection.putheader("Content-Type", case.content_type.encode())
        connection.putheader("Content-Length", str(len(case.body)))
        connection.endheaders()
        send_until_answered(connection.sock, case.body)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status


def send_until_answered(connection: socket.socket, body: bytes) -> None:
    """Send the body unless it is large and answered before: a server that has refused hangs up on what is still sent."""
    if len(body) > LARGEST_BODY and select.select([connection], [], [], 1)[0]:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(body)


def check_stored(sent: Sent, rows: Rows) -> dict[str, int]:
    """Return how many updates must be kept, how many are, and how many things are half stored."""
    kept = {int(row[0]) for row in rows("SELECT update_id FROM bot_update")}
    return {
        "well_formed": len(sent.kept),
        "stored": len(kept),
        "wrongly_stored": len(kept ^ sent.kept),
        "half_stored": sum(int(row[0]) for row in rows(HALF_STORED)),
    }


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process and its children."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(process.memory_info().rss for process in family) / 2**20


@contextmanager
def running_diana() -> Iterator[tuple[int, dict[str, int], Rows]]:
    """Run servers, the door, workers, relay and sandbox; yield the port, the process ids by name, and who asks SQL."""
    from diana.local import ports
    from diana.sandbox.running import running_sandbox
    from tests.processes import running_processes, wait_until
    from tests.servers import servers

    servers.make_template()
    servers.valkey.start()
    port = ports.free_port()
    with (
        tempfile.TemporaryDirectory() as directory,
        running_sandbox("1:sandbox-test") as sandbox,
        running_processes(Path(directory)) as processes,
    ):
        release = processes.start("release")
        wait_until(lambda: not release.alive(), "the release")
        processes.environment |= {"TELEGRAM_API_URL": sandbox.url, "DOOR_PORT": str(port)}
        started = {"door": processes.start("door"), "relay": processes.start("relay")}
        started |= {name: processes.start_worker(name) for name in ("worker", "telegram")}
        wait_until(lambda: ports.answers(port), "the door")
        with psycopg.connect(servers.postgres.admin_url("diana_template"), autocommit=True) as connection:
            yield port, {name: p.pid for name, p in started.items()}, lambda query: connection.execute(query).fetchall()


def wait_at_rest(rows: Rows, seconds: float = 120) -> int:
    """Wait until every update that was kept is handled or given up; return how many were still open when time was up."""
    deadline = time.monotonic() + seconds
    while True:
        left = int(rows("SELECT count(*) FROM bot_update WHERE handled_at IS NULL AND person_id IS NOT NULL")[0][0])
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.5)


def measure(count: int, seed: int, warm_up: int) -> dict[str, Any]:
    """Send the warm-up, note each process's size, send the rest, and return the figures."""
    with running_diana() as (port, pids, rows):
        sent = send_all(port, cases(seed + 1, warm_up, first_id=10_000_000))
        wait_at_rest(rows)
        before = {name: resident_mib(pid) for name, pid in pids.items()}
        started = time.monotonic()
        main = send_all(port, cases(seed, count))
        took = time.monotonic() - started
        wrong = sent.describe_wrong() + main.describe_wrong()
        main.kept |= sent.kept
        figures = {
            "bodies": count,
            "seed": seed,
            "by_status": {str(status): n for status, n in sorted(main.by_status.items())},
            "server_errors": sum(n for status, n in main.by_status.items() if status >= 500 or not status),
            "wrong_answers": len(sent.wrong) + len(main.wrong),
            "unhandled": wait_at_rest(rows),
            "growth_mib": {name: round(resident_mib(pid) - before[name], 1) for name, pid in pids.items()},
            "failed_updates": int(rows("SELECT count(*) FROM event_log WHERE type = 'bot.update_failed'")[0][0]),
            "failures": {
                f"{name} {status}": int(n)
                for name, status, n in rows(
                    "SELECT subscriber, status, count(*) FROM event_failure GROUP BY 1, 2 ORDER BY 1, 2"
                )
            },
            "bodies_per_second": round(count / took),
        } | check_stored(main, rows)
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return figures


def is_good(figures: dict[str, Any]) -> bool:
    """Say whether nothing is wrong with the figures."""
    zero = ("server_errors", "wrong_answers", "unhandled", "wrongly_stored", "half_stored")
    return not any(figures[name] for name in zero) and max(figures["growth_mib"].values()) <= GROWTH_LIMIT_MIB


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=2_000)
    asked = parser.parse_args()
    figures = measure(asked.count, asked.seed, asked.warm_up)
    print(json.dumps(figures))  # noqa: T201
    return 0 if is_good(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
