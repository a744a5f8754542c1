"""The model: what must be true, from the operations alone."""

import subprocess
import sys

import pytest

from tests.torture.made import NOON, PERSON, did, operations
from torture.model import Kind, Outcome, OutOfRange, Wanted, world, worlds


def test_it_knows_what_each_act_earns() -> None:
    made = world(operations())
    assert made.balance == 75
    assert made.answers == {PERSON: 3}
    assert made.entries[Wanted("login", 10)] == 1
    assert made.entries[Wanted("daily_login", 0, "14", suppressed=True)] == 1
    assert [wanted.origin for wanted in made.streams["messages"]] == ["11", "9", "13"]


def test_it_keeps_one_suppressed_entry_for_each_hour_and_pays_again_the_next_day() -> None:
    hours = [NOON, NOON + 1, NOON + 2, NOON + 3_600, NOON + 86_400]
    made = world([did(Kind.DAILY, str(n), said_at=at) for n, at in enumerate(hours)])
    assert [(w.origin, w.amount) for w in made.streams["acts"]] == [("0", 50), ("1", 0), ("3", 0), ("4", 50)]


def test_it_lets_nothing_be_earned_by_what_is_said_to_the_bot_alone() -> None:
    made = world([did(Kind.MESSAGE, "1", chat=PERSON)])
    assert (made.balance, made.handled) == (10, {"1"})


def test_it_lets_what_is_unknown_have_happened_or_not() -> None:
    possible = list(worlds([did(Kind.MESSAGE, "1"), did(Kind.MESSAGE, "2", outcome=Outcome.UNKNOWN)]))
    assert [made.balance for made in possible] == [20, 15]


def test_what_was_rejected_has_no_effect() -> None:
    (made,) = worlds([did(Kind.MESSAGE, "1", outcome=Outcome.REJECTED)])
    assert made.balance == 0


def test_it_refuses_to_speak_where_limits_begin() -> None:
    with pytest.raises(OutOfRange):
        world([did(Kind.MESSAGE, str(n)) for n in range(100)])


def test_it_imports_nothing_of_the_application() -> None:
    looked = "import sys, torture.model, torture.judging, torture.observing; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", looked], check=True, capture_output=True, text=True).stdout
    assert not {name.partition(".")[0] for name in printed.split()} & {"django", "celery", "diana", "apps", "config"}
