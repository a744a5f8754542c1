"""SIGKILL at every place of a worker's transaction: what was accepted has its effect once and its answer at least once."""

import pytest

from tests.faults.conftest import Community
from tests.processes import Process, wait_until

PEOPLE = range(1, 7)
TEXTS = ["good morning", "/daily", "how is everybody", "/help", "see you"]


@pytest.mark.parametrize("place", ["before", "inside", "after"])
@pytest.mark.usefixtures("telegram", "relay")
def test_f01_f02_f03_killing_the_worker_of_the_points(community: Community, place: str) -> None:
    doomed = community.processes.start_worker("worker", app="tests.failpoints", FAILPOINT=place, FAILPOINT_AT="3")
    community.say_all(PEOPLE, TEXTS[:3])
    wait_until(lambda: not doomed.alive(), "the worker's death")
    community.say_all(PEOPLE, TEXTS[3:])
    community.processes.start_worker("worker")
    community.settle()


@pytest.mark.parametrize("place", ["before", "inside", "sent"])
@pytest.mark.usefixtures("relay")
def test_f01_f02_f03_killing_the_worker_that_talks_to_telegram(community: Community, place: str) -> None:
    community.processes.start_worker("worker")
    doomed = community.processes.start_worker(
        "telegram",
        app="tests.failpoints",
        FAILPOINT=place,
        FAILPOINT_AT="3",
        FAILPOINT_SUBSCRIBER="bot.handle_update",
    )
    community.say_all(PEOPLE, TEXTS[:3])
    wait_until(lambda: not doomed.alive(), "the worker's death")
    community.say_all(PEOPLE, TEXTS[3:])
    community.processes.start_worker("telegram")
    community.settle()


def test_f06_killing_all_of_them_again_and_again(community: Community, telegram: Process, relay: Process) -> None:
    running = {"worker": community.processes.start_worker("worker"), "telegram": telegram, "relay": relay}
    for victim in ("worker", "relay", "telegram", "worker"):
        community.say_all(PEOPLE, TEXTS[:2] if victim == "worker" else TEXTS[:1])
        running[victim].kill()
        community.say_all(PEOPLE, TEXTS[3:])
        running[victim] = community.processes.start(victim)
    wait_until(community.answers_are_there, "all answers")
    written = {person: community.sent[person, "message"] for person in PEOPLE}

    def earned() -> dict[int, int]:
        return {person: community.entries()[person, "message_sent"] for person in PEOPLE}

    wait_until(lambda: all(earned()[person] >= written[person] for person in PEOPLE), "every message's entry")
    assert earned() == written
    assert set(community.statuses) == {200}
