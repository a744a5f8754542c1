"""The union of grants, against a model that counts minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users.vip import chain_end

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def minutes(number: int) -> datetime:
    """Return the moment that many minutes from now."""
    return NOW + timedelta(minutes=number)


@pytest.mark.parametrize(
    ("spans", "end"),
    [
        ([], None),
        ([(-20, -10)], None),
        ([(-20, 0)], None),
        ([(-20, 10)], 10),
        ([(0, 10)], 10),
        ([(5, 10)], None),
        ([(0, 10), (10, 30)], 30),
        ([(0, 10), (12, 30)], 10),
        ([(0, 40), (10, 20)], 40),
        ([(20, 30), (0, 21)], 30),
        ([(-9, 3), (-5, 8), (7, 9), (20, 30)], 9),
        # the clock of whoever granted it is a little ahead
        ([(1, 30)], 30),
        ([(0, 10), (11, 30)], 30),
    ],
)
def test_it_is_the_end_of_the_unbroken_chain(spans: list[tuple[int, int]], end: int | None) -> None:
    assert chain_end([(minutes(a), minutes(b)) for a, b in spans], NOW) == (None if end is None else minutes(end))


@given(st.lists(st.tuples(st.integers(-30, 60), st.integers(1, 30)), max_size=8))
def test_it_agrees_with_counting(drawn: list[tuple[int, int]]) -> None:
    # Two minutes a step: one step of nothing is a gap, wider than the slack between clocks.
    spans = [(2 * a, 2 * (a + length)) for a, length in drawn]
    covered = {minute for a, b in spans for minute in range(a, b)}
    end = 0
    while end in covered:
        end += 1
    assert chain_end([(minutes(a), minutes(b)) for a, b in spans], NOW) == (minutes(end) if end else None)
