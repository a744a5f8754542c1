"""Ordered subscribers: a failing event holds back later ones of its key, and nobody else's."""

import pytest

from diana.events import Envelope, Permanent
from diana.events.models import Failure
from tests.events.conftest import Clock, Notes, Register
from tests.events.people import ANNA, BORIS, drain, publish_pairs

# Nothing that failed becomes due before a test says so.
pytestmark = pytest.mark.usefixtures("still_clock")

PAIRS = [(ANNA, 1), (BORIS, 10), (ANNA, 2), (BORIS, 11), (ANNA, 3), (ANNA, 4), (BORIS, 12)]


class Poison(ValueError):
    """What the handler raises at an event that it cannot handle."""


class FailsAt:
    """A handler that fails at one number until it is told to work, and notes the others."""

    __name__ = "fails_at"

    def __init__(self, notes: Notes, number: int, error: type[Exception] = Poison) -> None:
        self.notes, self.error = notes, error
        self.number: int | None = number

    def __call__(self, envelope: Envelope) -> None:
        self.notes.add(envelope.fields["number"])
        if envelope.fields["number"] == self.number:
            raise self.error


def fail_then_mend(notes: Notes, register: Register, clock: Clock, *, ordered: bool) -> list[int]:
    """Fail at ANNA's 2, publish more, mend, publish the last ones; return what was handled before the mending."""
    handler = FailsAt(notes, 2)
    subscriber = register(handler, ordered=ordered)
    publish_pairs(PAIRS)
    drain(subscriber)
    publish_pairs([(ANNA, 5), (BORIS, 13)])
    drain(subscriber)
    before, handler.number = notes.all(), None
    publish_pairs([(ANNA, 6), (BORIS, 14)])
    clock.advance(60)
    drain(subscriber)
    return before


def test_it_holds_back_only_the_failing_key_and_runs_the_held_ones_first(
    notes: Notes, register: Register, still_clock: Clock
):
    before = fail_then_mend(notes, register, still_clock, ordered=True)
    assert before == [1, 10, 11, 12, 13]
    assert notes.all()[len(before) :] == [2, 3, 4, 5, 6, 14]
    assert set(Failure.objects.values_list("status", flat=True)) == {"done"}


def test_it_would_hand_later_events_out_first_if_it_were_not_ordered(
    notes: Notes, register: Register, still_clock: Clock
):
    before = fail_then_mend(notes, register, still_clock, ordered=False)
    assert [n for n in before if n < 10] == [1, 3, 4, 5]
    assert notes.all()[len(before) :] == [2, 6, 14]


def test_it_holds_the_key_back_until_the_first_one_is_through(notes: Notes, register: Register, still_clock: Clock):
    subscriber = register(FailsAt(notes, 2), ordered=True)
    publish_pairs(PAIRS)
    for _ in range(3):
        drain(subscriber)
        still_clock.advance(60)
    assert [n for n in notes.all() if n < 10] == [1]
    assert list(Failure.objects.order_by("position").values_list("status", flat=True)) == ["retrying", "held", "held"]


def test_it_lets_the_key_go_on_after_a_permanent_error(notes: Notes, register: Register):
    subscriber = register(FailsAt(notes, 2, Permanent), ordered=True)
    publish_pairs(PAIRS)
    drain(subscriber)
    assert [n for n in notes.all() if n < 10] == [1, 3, 4]
