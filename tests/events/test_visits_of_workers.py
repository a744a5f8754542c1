"""Visits by a real worker: the child's process, and the id under which Flower knows the task."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from django.db import transaction

from config.celery import app
from diana.events import presence, publish
from diana.events.models import Visit
from diana.events.timeline import read_timeline
from tests.gamification.acts import daily, person
from tests.processes import running_processes, wait_until

AWARD = "gamification.award_points"


@contextmanager
def tasks_seen(address: str) -> Iterator[list[dict[str, Any]]]:
    """Collect what the worker tells of tasks, as Flower does."""
    seen: list[dict[str, Any]] = []
    with app.connection(address) as connection:
        receiver = app.events.Receiver(connection, handlers={"task-received": seen.append})
        thread = threading.Thread(target=receiver.capture, kwargs={"wakeup": False})
        thread.start()
        try:
            yield seen
        finally:
            receiver.should_stop = True
            thread.join()


def test_a_worker_leaves_its_child_and_its_task(committed_db: str, valkey: str, tmp_path: Path) -> None:
    somebody = person()
    assert not presence.worker_runs()
    with tasks_seen(valkey) as seen, running_processes(tmp_path) as processes:
        worker = processes.start_worker("worker", EVENTS_KEEP_VISITS="true")
        with transaction.atomic():
            sent = publish(daily(somebody))
        wait_until(lambda: Visit.objects.filter(subscriber=AWARD).exists(), "the visit")
        children = {child.pid for child in psutil.Process(worker.pid).children(recursive=True)}
        wait_until(lambda: any(event["name"] == AWARD for event in seen), "the event of the task")
        found = read_timeline(str(sent.correlation_id), admin="http://a", flower="http://f/x/")
    visit = next(item for item in found.items if item.title == AWARD)
    assert visit.fields is not None
    assert visit.fields["process"].startswith("worker@")
    assert int(visit.fields["process"].split()[1]) in children
    assert visit.fields["task_id"] in {event["uuid"] for event in seen if event["name"] == AWARD}
    assert visit.link == f"http://f/x/task/{visit.fields['task_id']}"
    assert found.worker_running
    assert not presence.worker_runs()
