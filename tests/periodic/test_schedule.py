"""Every task of beat's schedule runs: on an empty database, on a community with a past, and twice in a row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from diana.local.valkey import Valkey
from diana.periodic.models import Slot
from diana.sandbox.running import Sandbox
from tests.bot.conftest import sandbox
from tests.flows.test_a_life import Calendar, calendar
from tests.periodic.community import WORK, live
from tests.periodic.sending import Beat, listening_beat, start_worker
from tests.processes import Process, running_processes

__all__ = ["calendar", "sandbox"]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A broker that this process does not know: what it publishes is not handled behind its back."""
    server = Valkey(tmp_path / "valkey", appendonly=False)
    server.start()
    yield server.url()
    server.stop()


@pytest.fixture
def worker(broker: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Process]:
    """A worker that takes all that beat sends."""
    with running_processes(tmp_path) as processes:
        processes.environment |= {"TELEGRAM_API_URL": sandbox.url}
        yield start_worker(processes, broker)


@pytest.fixture
def beat(broker: str, worker: Process) -> Iterator[Beat]:
    with listening_beat(broker) as beat:
        yield beat


def test_every_task_of_the_schedule_runs_on_nothing_and_on_a_community_and_twice(
    beat: Beat, worker: Process, sandbox: Sandbox, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(beat.send_all()) == {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    beat.send_all()
    live(sandbox, calendar, monkeypatch)
    begin_new_periods()
    found = beat.send_all()
    idle = {task: found.get(task) for task, least in WORK.items() if not int(found[task]) >= least}
    assert not idle, "the community leaves these nothing to do"
    beat.send_all()
    begin_new_periods()
    again = beat.send_all()
    assert again["gamification.verify_ledger"] == again["gamification.verify_new_entries"] == "True"
    assert again["bot.reconcile_payments"] == "0"
    assert errors_of(worker) == []


def begin_new_periods() -> None:
    """Forget which periods were worked on, as if an age had passed."""
    Slot.objects.all().delete()


def errors_of(worker: Process) -> list[str]:
    """Return the errors that tasks logged and did not raise."""
    return [line for line in worker.text().splitlines() if " ERROR " in line or " CRITICAL " in line]
