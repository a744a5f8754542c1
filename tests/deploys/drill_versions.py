"""F69. Two versions of the code with different subscriptions side by side, and back again: nothing skipped, nothing twice."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest
from django.db import transaction

from diana.events import Event, Publication, publish_many
from diana.events.models import Cursor, Failure
from tests.deploys.happenings import DeployHappened, DeployMore, effects, make_table
from tests.processes import ROOT, Process, Processes, running_processes, wait_until

PEOPLE = range(1, 9)


class Site:
    """A deployment in which processes of both versions can run."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._numbers = count(1)
        self.published: dict[type[Event], list[tuple[int, int]]] = {DeployHappened: [], DeployMore: []}

    def start(self, version: str) -> list[Process]:
        """Start worker and relay of the version."""
        worker = self._processes.start_worker("worker", DEPLOYED=version)
        return [worker, self._processes.start("relay", DEPLOYED=version)]

    def sync(self, version: str, *arguments: str) -> None:
        """Run the release step of the version."""
        command = [sys.executable, "manage.py", "sync_subscribers", *arguments]
        environment = self._processes.environment | {"DEPLOYED": version}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def publish(self, *event_classes: type[Event]) -> None:
        """Let something of each kind happen to everybody, twice."""
        for event_class in event_classes:
            pairs = [(person, next(self._numbers)) for _ in range(2) for person in PEOPLE]
            with transaction.atomic():
                publish_many([Publication(event=event_class(user_id=who, number=number)) for who, number in pairs])
            self.published[event_class] += pairs

    def expect(self, subscriber: str, *event_classes: type[Event]) -> None:
        """Wait for the subscriber's effects; each is there once and each person's in order."""
        expected = sorted(pair for event_class in event_classes for pair in self.published[event_class])
        wait_until(lambda: len(effects(subscriber)) >= len(expected), f"the effects of {subscriber}")
        found = [(person, number) for person, number, _ in effects(subscriber)]
        assert sorted(found) == expected
        assert all(
            [n for p, n in found if p == person] == sorted(n for p, n in found if p == person) for person in PEOPLE
        )


@pytest.fixture
def site(committed_db: str, valkey: str, tmp_path: Path) -> Iterator[Site]:
    """A deployment without processes as yet."""
    make_table()
    with running_processes(tmp_path) as processes:
        processes.environment |= {"DJANGO_SETTINGS_MODULE": "tests.deploys.settings"}
        yield Site(processes)


def busy_seconds(processes: list[Process]) -> float:
    """Return the processor time that the processes and their children have used."""
    roots = [psutil.Process(process.pid) for process in processes]
    family = [one for root in roots for one in [root, *root.children(recursive=True)]]
    return sum(sum(one.cpu_times()[:2]) for one in family)


def assert_quiet(process: Process) -> None:
    """It said once for each subscriber and child that it leaves lanes alone, and nothing failed."""
    text = process.text()
    assert "Traceback" not in text, text
    for complaint in ("deploys.counting is left alone", "unregistered task deploys.added"):
        assert len(re.findall(complaint, text)) <= 2, text


def test_a_rolling_deploy_and_back_again(site: Site):
    site.sync("v1")
    old = site.start("v1")
    site.publish(DeployHappened)
    site.expect("counting", DeployHappened)

    site.sync("v2")
    site.publish(DeployHappened, DeployMore)
    before, started = busy_seconds(old), time.monotonic()
    new = site.start("v2")
    assert busy_seconds(old) - before < 0.5 * (time.monotonic() - started), "the old version hot-loops"
    site.publish(DeployHappened, DeployMore)
    site.expect("counting", DeployHappened, DeployMore)
    site.expect("added", DeployHappened)
    for process in old:
        process.stop()
        assert_quiet(process)
    site.publish(DeployHappened, DeployMore)
    site.expect("counting", DeployHappened, DeployMore)

    site.sync("v1", "--keep", "deploys.added")
    back = site.start("v1")
    site.publish(DeployHappened)
    site.expect("counting", DeployHappened, DeployMore)
    site.expect("added", DeployHappened)
    assert {code for _, number, code in effects("counting") if number > len(PEOPLE) * 14} == {"v1"}
    for process in [*back, *new]:
        assert_quiet(process)
    assert not Failure.objects.exists()
    assert not Cursor.objects.filter(suspect_until__isnull=False).exists()
