"""What can happen to the pool of a worker: memory, time limits, recycling, inherited connections, messages that come twice."""

import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.faults.conftest import Community
from tests.faulty import POISON
from tests.processes import Process, wait_until

PEOPLE = range(1, 5)


@pytest.fixture
def worker(shared: Community, request: pytest.FixtureRequest) -> Iterator[Process]:
    """A worker with the test's fault in place of the module's."""
    fault, arguments = request.param
    shared.started["worker"].stop()
    yield shared.start_worker("worker", app="tests.faulty", arguments=arguments, FAULT=fault)
    shared.started["worker"].kill()


def strike(shared: Community, struck: Callable[[], object]) -> None:
    """Have the first person write the poison until it has struck: on a busy machine the relay may come before the worker."""
    for _ in range(20):
        shared.say(1, "x" * POISON)
        wait_until(lambda: struck() or shared.effects_are_there(), "the poison")
        if struck():
            return
        time.sleep(1)
    raise AssertionError("the relay handled it each time")


@pytest.mark.parametrize("worker", [("oom", "")], indirect=True, ids=["oom"])
@pytest.mark.usefixtures("worker")
def test_f08_an_event_that_takes_all_memory_ends_dead_and_the_others_go_on(shared: Community) -> None:
    shared.say(1, "before")
    strike(shared, lambda: shared.sql("SELECT FROM event_failure WHERE status = 'dead'"))
    shared.sent[1, "message"] -= 1
    shared.say_all(PEOPLE, ["after", "/daily"])
    wait_until(shared.effects_are_there, "what everybody else did")
    dead = shared.sql("SELECT subscriber, attempts, error FROM event_failure WHERE status NOT IN ('done', 'held')")
    assert dead == [("gamification.award_points", 3, "MemoryError: ")]
    shared.sql("DELETE FROM event_failure RETURNING 1")
    shared.settle()


@pytest.mark.parametrize("worker", [("hang", "--time-limit 2")], indirect=True, ids=["hang"])
def test_f09_the_time_limit_inside_a_transaction_rolls_back(shared: Community, worker: Process) -> None:
    """The child is killed with everything written and nothing committed; the event has its effect once, by the next one."""
    strike(shared, lambda: "Hard time limit" in worker.text())
    shared.say_all(PEOPLE, ["meanwhile"])
    shared.settle()


@pytest.mark.parametrize("worker", [("parent", "--max-tasks-per-child 2")], indirect=True, ids=["recycled"])
def test_f14_f15_children_are_replaced_all_the_time_and_the_parent_uses_its_own_connection(
    shared: Community, worker: Process
) -> None:
    seen = {child.pid for child in psutil.Process(worker.pid).children()}
    # One task carries what comes meanwhile: how many there are for so many messages differs. Nobody may reach the hour's limit.
    for number in range(80):
        if len(seen) >= 6 and number >= 20:
            break
        shared.say_all(PEOPLE, [f"message {number}"])
        time.sleep(0.05)
        seen |= {child.pid for child in psutil.Process(worker.pid).children()}
    shared.settle()
    seen |= {child.pid for child in psutil.Process(worker.pid).children()}
    assert len(seen) >= 4
    assert "Traceback" not in worker.text()
    assert "ERROR" not in worker.text()


@pytest.mark.parametrize("worker", [("slow", "")], indirect=True, ids=["slow"])
def test_f27_a_message_that_comes_again_while_its_task_runs_has_one_effect(shared: Community, worker: Process) -> None:
    """Tasks are acknowledged late and count as lost after a second; this one takes three."""
    strike(shared, (shared.processes.directory / "faulty-slow").exists)
    shared.say_all(PEOPLE, ["meanwhile"])
    shared.settle()
    assert worker.alive()
