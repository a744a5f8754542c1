"""SIGKILL at every place of a worker's transaction: what was accepted has its effect once and its answer at least once."""

import time

import pytest

from tests.faults.conftest import Community
from tests.processes import Process, wait_until

PEOPLE = range(1, 7)
TEXTS = ["good morning", "/daily", "how is everybody", "/help", "see you"]


def talk_until_dead(community: Community, doomed: Process, texts: list[str]) -> None:
    """Let everybody say these things, and two of them go on until the worker is dead: batches grow under load."""
    community.say_all(PEOPLE, texts)

    def is_dead() -> bool:
        if doomed.alive():
            # Slowly: nobody may reach the limit of an hour.
            time.sleep(0.3)
            community.say_all(PEOPLE[:2], ["and another", "/help"])
        return not doomed.alive()

    wait_until(is_dead, "the worker's death", seconds=20)


@pytest.mark.usefixtures("telegram", "relay")
def test_f01_f02_f03_killing_the_worker_of_the_points(community: Community) -> None:
    for place, texts in (("before", TEXTS[:3]), ("inside", TEXTS[:1]), ("after", TEXTS[:1])):
        doomed = community.processes.start_worker("worker", app="tests.failpoints", FAILPOINT=place, FAILPOINT_AT="2")
        talk_until_dead(community, doomed, texts)
    community.say_all(PEOPLE, TEXTS[3:])
    community.processes.start_worker("worker")
    community.settle()


@pytest.mark.usefixtures("relay")
def test_f01_f02_f03_killing_the_worker_that_talks_to_telegram(community: Community) -> None:
    community.processes.start_worker("worker")
    for place, texts in (("before", TEXTS[:3]), ("inside", TEXTS[3:]), ("sent", TEXTS[3:])):
        killing = {"FAILPOINT": place, "FAILPOINT_AT": "2", "FAILPOINT_SUBSCRIBER": "bot.handle_update"}
        doomed = community.processes.start_worker("telegram", app="tests.failpoints", **killing)
        talk_until_dead(community, doomed, texts)
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
