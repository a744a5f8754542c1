"""A Bot API that never answers: awards do not notice, and everybody has their answers when it is back. Real processes."""

import time

import pytest

from tests.faults.conftest import Community
from tests.processes import wait_until


@pytest.fixture
def community(shared: Community) -> Community:
    return shared


def test_f57_a_hung_telegram_does_not_slow_awards(community: Community) -> None:
    people = range(51, 57)
    community.say_all(people, ["before", "/daily"])
    community.settle()
    community.sandbox.behave(hang=True)
    slowest = 0.0
    for round_ in range(4):
        community.say_all(people, ["/help", f"message {round_}"])
        started = time.monotonic()
        wait_until(community.effects_are_there, "awards while Telegram hangs", seconds=15)
        slowest = max(slowest, time.monotonic() - started)
    answered = community.answers()
    community.sandbox.behave_well()
    assert slowest < 5
    assert answered <= community.answers()
    community.settle()
