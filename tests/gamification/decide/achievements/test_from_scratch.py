"""Whatever happens: deciding fact by fact, through the stored document, finds what a look at all of history finds."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide import state
from apps.gamification.decide.achievements.definitions import Definition
from tests.gamification.decide.achievements.playing import Player, achievement, on

START = datetime(2026, 1, 5, tzinfo=UTC)


def local_days(history: Sequence[dict[str, Any]], first: int, last: int) -> list[int]:
    """Return the days, from the first Monday, with an act in these hours; as a clock that goes forward shows them."""
    days: list[int] = []
    for act in history:
        day, hour = divmod(act["hours"], 24)
        if first <= hour < last and act["type"] == "a" and (not days or day > days[-1]):
            days.append(day)
    return days


def longest_row(numbers: Sequence[int]) -> int:
    """Return how many follow one another at most."""
    longest = row = 0
    for n, number in enumerate(numbers):
        row = row + 1 if n and number == numbers[n - 1] + 1 else 1
        longest = max(longest, row)
    return longest


def weekends(history: Sequence[dict[str, Any]]) -> list[int]:
    """Return the numbers of weeks with an act on a weekend."""
    days = [act["hours"] // 24 for act in history if act["type"] == "a"]
    return sorted({day // 7 for day in days if day % 7 >= 5})


def best_ratio(history: Sequence[dict[str, Any]], n: int) -> bool:
    """Say whether four of five were good in some n in a row, or in a longer row that a higher tier asks for."""
    good = [act["good"] for act in history if act["type"] == "a"]
    longer = [m for m in (3, 5, 8) if m >= n]
    return any(sum(good[end - m : end]) * 5 >= m * 4 for m in longer for end in range(m, len(good) + 1))


A = [on("a")]
RATIO: dict[str, Any] = {"on": A, "good": [{"field": "good", "equals": True}], "percent": 80}
WEEKENDS: dict[str, Any] = {"weekdays": [5, 6], "count": "weeks", "in_a_row": True}
# An achievement, and what all of history says of each target.
ORACLES: dict[str, tuple[Definition, Callable[[Sequence[dict[str, Any]], int], bool]]] = {
    "first_event": (achievement("first_event", on=A), lambda h, n: any(act["type"] == "a" for act in h)),
    "counter": (
        achievement("counter", (2, 5, 9), on=[on("a", good=True)]),
        lambda h, n: sum(act["type"] == "a" and act["good"] for act in h) >= n,
    ),
    "counter once": (
        achievement("counter", (1, 2, 4), on=A, once_per=["x", "good"]),
        lambda h, n: len({(act["x"], act["good"]) for act in h if act["type"] == "a"}) >= n,
    ),
    "sum": (
        achievement("sum", (5, 20, 40), on=A, field="x"),
        lambda h, n: sum(act["x"] for act in h if act["type"] == "a") >= n,
    ),
    "distinct": (
        achievement("distinct", (1, 3, 5), on=A, by=["x"]),
        lambda h, n: len({act["x"] for act in h if act["type"] == "a"}) >= n,
    ),
    "set": (
        achievement("set", (2,), on=A, field="x", members=["1", "3"]),
        lambda h, n: {1, 3} <= {act["x"] for act in h if act["type"] == "a"},
    ),
    "calendar": (
        achievement("calendar", (1, 3, 6), on=A, from_minute=300, to_minute=540),
        lambda h, n: len(local_days(h, 5, 9)) >= n,
    ),
    "calendar in a row": (
        achievement("calendar", (2, 3, 4), on=A, in_a_row=True),
        lambda h, n: longest_row(local_days(h, 0, 24)) >= n,
    ),
    "weekends": (
        achievement("calendar", (3,), on=A, **WEEKENDS),
        lambda h, n: longest_row(weekends(h)) >= n,
    ),
    "ratio": (achievement("ratio", (3, 5, 8), **RATIO), best_ratio),
    "lifetime_points": (achievement("lifetime_points", (10, 40, 90)), lambda h, n: sum(a["gains"] for a in h) >= n),
}

acts = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["a", "a", "a", "b"]),
        "hours": st.integers(0, 24 * 40),
        "x": st.integers(0, 6),
        "good": st.booleans(),
        "gains": st.integers(0, 10),
    }
)


@pytest.mark.parametrize(("definition", "oracle"), ORACLES.values(), ids=ORACLES.keys())
@given(history=st.lists(acts, max_size=40))
def test_fact_by_fact_finds_what_all_of_history_says(
    definition: Definition, oracle: Callable[..., bool], history: list[dict[str, Any]]
) -> None:
    history = sorted(history, key=lambda act: act["hours"])
    straight, stored = Player(definition), Player(definition)
    for act in history:
        given_ = {"at": START + timedelta(hours=act["hours"]), "gains": act["gains"], "x": act["x"]}
        straight.does(act["type"], good=act["good"], **given_)
        stored.standing.state = state.decode(state.encode(stored.standing.state))
        stored.does(act["type"], good=act["good"], **given_)
    assert straight.unlocked == [tier.tier for tier in definition.tiers if oracle(history, tier.target)]
    assert (straight.outcomes, straight.state) == (stored.outcomes, stored.state)
    assert len(state.encode(straight.state)) < 600
