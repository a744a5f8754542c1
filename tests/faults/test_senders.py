"""The session that says that a sender lives is ended under load."""

import time

import pytest

from tests.faults.conftest import Community


@pytest.mark.usefixtures("relay", "telegram")
def test_ending_the_idle_session_of_the_sender_doubles_no_answer(community: Community) -> None:
    """Twelve commands a second and calls of 0.6 s: those under way are made once, and all that follow too."""
    community.start_worker()
    community.sandbox.behave(delay_seconds=0.6)
    people = range(1, 13)
    for number in range(6):
        community.say_all(people, ["/help"])
        if number == 1:
            cut = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'diana-sender' AND datname = current_database()"
            )
            assert community.sql(cut)
        time.sleep(0.5)
    community.settle()
    time.sleep(2)
    doubled = (community.answers() - community.expected_answers()).total()
    assert doubled == 0
