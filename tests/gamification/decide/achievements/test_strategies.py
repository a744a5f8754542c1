"""Each strategy: what counts, what does not, when a tier is reached, what its progress bar shows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide.achievements.definitions import STRATEGIES, InvalidDefinition, define
from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.decide.facts import EPOCH
from tests.gamification.decide.achievements.playing import NOON, Player, achievement, on

HOUR = 1.0
DAY = 24 * HOUR

# name of the case -> definition, acts (type, hours after noon, fields), the tiers unlocked
CASES: dict[str, tuple[Any, list[tuple[str, float, dict[str, Any]]], list[str]]] = {
    "first event": (achievement("first_event", on=[on("a")]), [("b", 0, {}), ("a", 0, {}), ("a", 1, {})], ["single"]),
    "first event under a condition": (
        achievement("first_event", on=[on("a", good=True)]),
        [("a", 0, {"good": False}), ("a", 0, {})],
        [],
    ),
    "counter": (
        achievement("counter", (1, 3, 5), on=[on("a"), on("b")]),
        [("a", 0, {}), ("b", 0, {}), ("c", 0, {}), ("a", 0, {})],
        ["bronze", "silver"],
    ),
    "counter, each once": (
        achievement("counter", (2,), on=[on("a")], once_per=["x", "y"]),
        [("a", 0, {"x": 1, "y": 1}), ("a", 0, {"x": 1, "y": 1}), ("a", 0, {"x": 1})],
        [],
    ),
    "sum": (
        achievement("sum", (10, 20, 30), on=[on("a")], field="n"),
        [("a", 0, {"n": 7}), ("a", 0, {"n": -5}), ("a", 0, {"n": True}), ("a", 0, {"n": 14})],
        ["bronze", "silver"],
    ),
    "distinct": (
        achievement("distinct", (1, 2, 3), on=[on("a")], by=["x"]),
        [("a", 0, {"x": "p"}), ("a", 0, {"x": "p"}), ("a", 0, {"x": "q"}), ("a", 0, {})],
        ["bronze", "silver"],
    ),
    "set": (
        achievement("set", (2,), on=[on("a")], field="x", members=["p", "q"]),
        [("a", 0, {"x": "p"}), ("a", 0, {"x": "z"}), ("a", 0, {"x": "p"}), ("a", 0, {"x": "q"})],
        ["single"],
    ),
    "streak": (
        achievement("streak", (3, 5, 9)),
        [("game.streak_extended", 0, {"days": d}) for d in (2, 3, 2, 3, 4, 5)],
        ["bronze", "silver"],
    ),
    "window": (
        achievement("window", (3,), on=[on("a")], seconds=60),
        [("a", 0, {}), ("a", 1 / 60, {}), ("a", 1 / 60, {})],
        ["single"],
    ),
    "window, one second too long": (
        achievement("window", (3,), on=[on("a")], seconds=60),
        [("a", 0, {}), ("a", 30 / 3600, {}), ("a", 61 / 3600, {})],
        [],
    ),
    "window, out of order": (
        achievement("window", (3,), on=[on("a")], seconds=60),
        [("a", 40 / 3600, {}), ("a", 0, {}), ("a", 20 / 3600, {})],
        ["single"],
    ),
    "calendar by hours": (
        achievement("calendar", (2,), on=[on("a")], from_minute=300, to_minute=540),
        [("a", h, {}) for h in (-7.01, -7, -3.01, -3, DAY - 7)],
        ["single"],
    ),
    "calendar by hours, another day missing": (
        achievement("calendar", (2,), on=[on("a")], from_minute=300, to_minute=540),
        [("a", h, {}) for h in (-7, -6, -5, DAY - 3)],
        [],
    ),
    "calendar over midnight": (
        achievement("calendar", (2,), on=[on("a")], from_minute=1380, to_minute=60),
        [("a", 11, {}), ("a", 12.5, {}), ("a", 13.5, {})],
        ["single"],
    ),
    "calendar by date": (
        achievement("calendar", (1,), on=[on("a")], dates=["03-12"]),
        [("a", 0, {}), ("a", DAY, {})],
        ["single"],
    ),
    # Saturday is three days after the Wednesday
    "calendar by weekends in a row": (
        achievement("calendar", (3,), on=[on("a")], weekdays=[5, 6], count="weeks", in_a_row=True),
        [("a", DAY * d, {}) for d in (2, 3, 4, 10, 18)],
        ["single"],
    ),
    "calendar by weekends with a gap": (
        achievement("calendar", (3,), on=[on("a")], weekdays=[5, 6], count="weeks", in_a_row=True),
        [("a", DAY * d, {}) for d in (3, 10, 24, 31)],
        [],
    ),
    "ratio": (
        achievement("ratio", (5,), on=[on("a")], good=[{"field": "ok", "equals": True}], percent=80),
        [("a", 0, {"ok": ok}) for ok in (False, False, True, True, True, True)],
        ["single"],
    ),
    "ratio, too few": (
        achievement("ratio", (5,), on=[on("a")], good=[{"field": "ok", "equals": True}], percent=80),
        [("a", 0, {"ok": True})] * 4,
        [],
    ),
    "anniversary": (
        achievement("anniversary", (1, 2, 3)),
        [("user.registered", 0, {})] + [("user.active_day", DAY * d, {}) for d in (1, 364, 365, 366, 731)],
        ["bronze", "silver"],
    ),
    "anniversary, never registered": (achievement("anniversary"), [("user.active_day", DAY * 900, {})], []),
    "manual": (achievement("manual"), [("a", 0, {})], []),
}


@pytest.mark.parametrize(("definition", "acts", "tiers"), CASES.values(), ids=CASES.keys())
def test_it_unlocks(definition: Any, acts: list[tuple[str, float, dict[str, Any]]], tiers: list[str]) -> None:
    player = Player(definition)
    for event_type, hours, fields in acts:
        player.does(event_type, at=hours, **fields)
    assert player.unlocked == tiers
    assert player.state.unlocked.get("it", []) == tiers


def test_every_strategy_has_a_case_here() -> None:
    covered = {definition.strategy.name for definition, _, _ in CASES.values()}
    assert covered | {"level", "lifetime_points", "rank", "composite"} == set(STRATEGIES)
    assert len(STRATEGIES) == 15


def test_a_calendar_goes_by_the_clock_on_the_wall() -> None:
    for offset, tiers in ((0, []), (-300, ["single"])):
        player = Player(achievement("calendar", (1,), on=[on("a")], from_minute=300, to_minute=540))
        player.does("a", at=NOON, offset=offset)
        assert player.unlocked == tiers


def test_a_day_that_comes_twice_by_travel_counts_once() -> None:
    player = Player(achievement("calendar", (2,), on=[on("a")]))
    player.does("a", at=NOON, offset=840)
    player.does("a", at=NOON + timedelta(hours=1), offset=-720)
    player.does("a", at=NOON + timedelta(hours=2), offset=840)
    assert player.unlocked == []


def test_levels_and_lifetime_points_follow_what_is_earned() -> None:
    player = Player(achievement("level", (2, 5, 9), key="level"), achievement("lifetime_points", (100, 1000, 9000)))
    player.does("a", gains=99)
    assert player.unlocked == []
    player.does("a", gains=1)
    player.does("a", gains=0)
    player.does("a", gains=900)
    assert player.unlocked == ["bronze", "bronze", "silver", "silver"]
    assert player.state.marks == {}, "the account knows it already"


def test_points_by_staff_count_when_their_event_passes() -> None:
    player = Player(achievement("lifetime_points", (100,)))
    player.standing.lifetime = 150
    player.does("a")
    assert player.unlocked == []
    player.does("admin.points_force_awarded")
    assert player.unlocked == ["single"]


def rank(period: str, rank: int, ranked: int = 30, board: str = "weekly") -> dict[str, Any]:
    return {"board": board, "period": period, "rank": rank, "score": 1, "ranked": ranked}


def podium() -> Player:
    return Player(achievement("rank", (10, 3, 1), board="weekly", repeatable=True))


def test_a_rank_gives_its_best_tier_once_per_period() -> None:
    player = podium()
    for fields in (
        rank("2026-W10", 11),
        rank("2026-W10", 9, ranked=19),
        rank("2026-W10", 1, board="daily"),
        rank("2026-W10", 9),
        rank("2026-W10", 1),
        rank("2026-W11", 1),
        rank("2026-W12", 2),
    ):
        player.does("game.rank_closed", **fields)
    assert player.unlocked == ["bronze 2026-W10", "gold 2026-W11", "silver 2026-W12"]
    assert set(player.state.unlocked["it"]) == {"bronze", "silver", "gold"}


def test_what_a_rank_remembers_does_not_grow() -> None:
    player = podium()
    for week in range(10, 50):
        player.does("game.rank_closed", **rank(f"2026-W{week}", 1))
    assert len(player.unlocked) == 40
    player.does("game.rank_closed", **rank("2026-W10", 1))
    assert len(player.unlocked) == 40
    assert len(player.state.marks["it"].seen) == 12


def test_a_composite_needs_its_parts_at_their_tiers() -> None:
    parts = [{"achievement": "p", "tier": "silver"}, {"achievement": "q"}]
    player = Player(
        achievement("counter", (1, 2, 3), key="p", on=[on("a")]),
        achievement("first_event", key="q", on=[on("b")]),
        achievement("composite", (2,), parts=parts),
    )

    def unlock(key: str, tier: str) -> None:
        player.does("game.achievement_unlocked", achievement=key, tier=tier, period="")

    player.does("a")
    unlock("p", "bronze")
    player.does("b")
    unlock("q", "single")
    assert player.unlocked == ["bronze", "single"]
    player.does("a")
    player.does("a")
    unlock("p", "silver")
    assert player.unlocked == ["bronze", "single", "silver", "gold", "single"]


def test_progress_is_told_at_each_quarter_of_the_way_and_not_between() -> None:
    player = Player(achievement("counter", (4, 40), on=[on("a")]))
    for _ in range(40):
        player.does("a")
    assert player.told == [(1, 4), (2, 4), (3, 4), (10, 40), (20, 40), (30, 40)]


def test_a_fact_that_nobody_wants_changes_nothing() -> None:
    player = Player(achievement("counter", (4,), on=[on("a")]))
    assert player.does("b") == []
    assert player.state.marks == {}


def test_what_is_complete_costs_no_more_marks() -> None:
    player = Player(achievement("counter", (2,), on=[on("a")]))
    for _ in range(5):
        player.does("a")
    assert player.state.marks["it"].value == 2


def test_a_suspended_person_does_not_come_forward() -> None:
    player = Player(achievement("first_event", on=[on("a")]))
    player.state.suspended_until = 2**62
    player.does("a")
    assert player.unlocked == []
    assert player.state.marks == {}


def test_before_its_beginning_a_version_counts_but_unlocks_nothing() -> None:
    player = Player(achievement("counter", (2,), on=[on("a")], active_from=NOON))
    player.does("a", at=-3)
    player.does("a", at=-2)
    assert (player.unlocked, player.state.marks["it"].value) == ([], 2)
    player.does("a", at=0)
    assert player.unlocked == ["single"]


def test_a_bonus_comes_with_its_tier_and_goes_with_it() -> None:
    bonuses = {"gold": 1000}
    player = Player(
        define(
            key="it",
            version=1,
            active_from=EPOCH,
            strategy="counter",
            config={"on": [on("a")]},
            tiers=[{"tier": "silver", "target": 1}, {"tier": "gold", "target": 2}],
            bonuses=bonuses,
        )
    )
    player.does("a")
    assert player.state.bonuses == {}
    player.does("a")
    assert player.state.bonuses == {"it": 1000}
    player.does("game.achievement_revoked", achievement="it", tier="gold", period="")
    assert (player.state.bonuses, player.state.unlocked) == ({}, {"it": ["silver"]})
    player.does("a")
    assert player.unlocked == ["silver", "gold"], "what was revoked does not come again by itself"
    player.does("admin.achievement_granted", achievement="it", tier="gold")
    assert player.state.bonuses == {"it": 1000}


@pytest.mark.parametrize(
    ("strategy", "config", "mark", "target", "shown"),
    [
        ("counter", {"on": [on("a")]}, Mark(3), 10, (3, 10)),
        ("counter", {"on": [on("a")]}, Mark(30), 10, (10, 10)),
        ("ratio", {"on": [on("a")], "good": [{"field": "x", "equals": 1}]}, Mark(5, answers="11111"), 20, (5, 16)),
        ("ratio", {"on": [on("a")], "good": [{"field": "x", "equals": 1}]}, Mark(19, answers="1" * 19), 20, (15, 16)),
        ("rank", {"board": "b"}, Mark(3), 10, (0, 1)),
    ],
)
def test_a_progress_bar_shows(
    strategy: str, config: dict[str, Any], mark: Mark, target: int, shown: tuple[int, int]
) -> None:
    assert achievement(strategy, (target,), **config).strategy.progress(mark, target) == shown


WRONG: dict[str, dict[str, Any]] = {
    "unknown strategy": {"strategy": "luck"},
    "unknown field": {"config": {"on": [on("a")], "nonsense": 1}},
    "listens to nothing": {"config": {"on": []}},
    "no tiers": {"tiers": []},
    "unknown tier": {"tiers": [{"tier": "wood", "target": 1}]},
    "target of nothing": {"tiers": [{"tier": "single", "target": 0}]},
    "a tier twice": {"tiers": [{"tier": "gold", "target": 1}, {"tier": "gold", "target": 2}]},
    "single beside others": {"tiers": [{"tier": "single", "target": 1}, {"tier": "gold", "target": 2}]},
    "gold for less than silver": {"tiers": [{"tier": "gold", "target": 1}, {"tier": "silver", "target": 2}]},
    "bonus for no tier": {"bonuses": {"gold": 1}},
    "repeatable counter": {"repeatable": True},
    "distinct of a thousand": {
        "strategy": "distinct",
        "config": {"on": [on("a")], "by": ["x"]},
        "tiers": [{"tier": "single", "target": 1000}],
    },
    "distinct of nothing": {"strategy": "distinct", "config": {"on": [on("a")]}},
    "sum of nothing": {"strategy": "sum", "config": {"on": [on("a")]}},
    "more members than there are": {
        "strategy": "set",
        "config": {"on": [on("a")], "field": "x", "members": ["a"]},
        "tiers": [{"tier": "single", "target": 2}],
    },
    "an empty hour": {"strategy": "calendar", "config": {"on": [on("a")], "from_minute": 5, "to_minute": 5}},
    "a date that is none": {"strategy": "calendar", "config": {"on": [on("a")], "dates": ["13-01"]}},
    "a date that no month has": {"strategy": "calendar", "config": {"on": [on("a")], "dates": ["12-31", "04-31"]}},
    "a date that no February has": {"strategy": "calendar", "config": {"on": [on("a")], "dates": ["02-30"]}},
    "a date in other digits": {"strategy": "calendar", "config": {"on": [on("a")], "dates": ["12-1٢"]}},
    "a date and a line break": {"strategy": "calendar", "config": {"on": [on("a")], "dates": ["12-31\n"]}},
    "a ratio of nothing": {"strategy": "ratio", "config": {"on": [on("a")]}},
    "a long window": {
        "strategy": "window",
        "config": {"on": [on("a")]},
        "tiers": [{"tier": "single", "target": 51}],
    },
    "a composite of nobody": {"strategy": "composite", "config": {"parts": []}},
    "two first events": {"strategy": "first_event", "tiers": [{"tier": "single", "target": 2}]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_what_could_never_be_unlocked_is_refused(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "key": "it",
        "version": 1,
        "active_from": EPOCH,
        "strategy": "counter",
        "config": {"on": [on("a")]},
        "tiers": [{"tier": "single", "target": 1}],
    }
    define(**values)
    with pytest.raises(InvalidDefinition):
        define(**values | change)


DATES = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32)]


@pytest.mark.parametrize("day", DATES)
def test_a_date_is_taken_if_some_year_has_it(day: str) -> None:
    values: dict[str, Any] = {"key": "it", "version": 1, "active_from": EPOCH, "strategy": "calendar"}
    values |= {"config": {"on": [on("a")], "dates": [day]}, "tiers": [{"tier": "single", "target": 1}]}
    try:
        date.fromisoformat(f"2028-{day}")
    except ValueError:
        with pytest.raises(InvalidDefinition, match=day):
            define(**values)
        assert define(**values, stored=True).key == "it", "the rulebook would no longer be read"
    else:
        assert define(**values).key == "it"


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(1, 6), st.integers(1, 90))
def test_a_window_finds_what_a_look_at_all_moments_finds(seconds: list[int], target: int, length: int) -> None:
    player = Player(achievement("window", (target,), on=[on("a")], seconds=length))
    ordered = sorted(s % 1000 for s in seconds)
    for second in ordered:
        player.does("a", at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))
    expected = any(
        ordered[n + target - 1] - ordered[n] <= length for n in range(len(ordered)) if n + target <= len(ordered)
    )
    assert bool(player.unlocked) == expected
