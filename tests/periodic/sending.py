"""Beat's schedule, sent by its own scheduler to a real worker, which tells what became of each task."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from kombu import Connection

from config.celery import app
from tests.processes import Process, Processes

# What one round of all tasks may take before those that have not ended are named.
ROUND_SECONDS = 40
ENDS = ("task-succeeded", "task-failed", "task-rejected", "task-revoked")


def entries() -> list[ScheduleEntry]:
    """Return what beat sends: the project's schedule and what Celery adds to it."""
    return list(Scheduler(app).schedule.values())


def start_worker(processes: Processes, url: str) -> Process:
    """Start a worker that takes all that beat sends."""
    queues = {entry.options.get("queue", app.conf.task_default_queue) for entry in entries()}
    return processes.start_worker(arguments=f"--queues {','.join(sorted(queues))} --concurrency 1", REDIS_URL=url)


class Beat:
    """Sends every entry of the schedule at once and waits for the outcome of each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ended: dict[str, dict[str, Any]] = {}

    def send_all(self) -> dict[str, str]:
        """Run every task once; return what each returned, as text. Raises AssertionError that names each failure."""
        scheduler, producer = Scheduler(app, lazy=True), app.amqp.Producer(self._connection)
        sent = {entry.task: scheduler.apply_async(entry, producer, advance=False).id for entry in entries()}
        self.wait(lambda: sorted(name for name, task_id in sent.items() if task_id not in self._ended))
        outcomes = {name: self._ended[task_id] for name, task_id in sent.items()}
        failed = {n: e.get("traceback", e["type"]) for n, e in outcomes.items() if e["type"] != "task-succeeded"}
        assert not failed, "\n".join(f"{name} failed:\n{why}" for name, why in failed.items())
        return {name: event["result"] for name, event in outcomes.items()}

    def wait(self, pending: Callable[[], object]) -> None:
        """Listen to the worker until nothing is pending."""
        deadline = time.monotonic() + ROUND_SECONDS
        while waiting := pending():
            assert time.monotonic() < deadline, f"waited {ROUND_SECONDS} s in vain for {waiting}"
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=1)

    def hear(self, event: dict[str, Any]) -> None:
        """Keep the end of a task."""
        self._ended[event["uuid"]] = event


@contextmanager
def listening_beat(url: str) -> Iterator[Beat]:
    """Yield a beat that hears the worker, which must run: events that nobody listens to are lost."""
    handlers: dict[str, Callable[[dict[str, Any]], object]] = {}
    with app.connection_for_write(url) as given, app.events.Receiver(given, handlers).Consumer() as (listening, _, _):
        beat, silent = Beat(listening), ["a worker's heartbeat"]
        handlers |= dict.fromkeys(ENDS, beat.hear) | {"worker-heartbeat": lambda _: silent.clear()}
        beat.wait(lambda: silent)
        yield beat
