"""The union of grants and overrides, against models that count minutes and paint hours."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide import folding
from apps.users import vip
from apps.users.vip import chain_end

Spans = list[tuple[int, int]]

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


# Below, a step is an hour: wide enough that the slack between clocks does not matter.
FIRST, LAST = -300, 700


def hours(number: int) -> datetime:
    """Return the moment that many hours from now."""
    return NOW + timedelta(hours=number)


class Painted:
    """The naive model: hours painted one by one, grants first, overrides over them in the order of their numbers."""

    def __init__(self, grants: Spans, overrides: list[tuple[str, int, int]]) -> None:
        ons = [(start, end) for mode, start, end in overrides if mode == "on"]
        self.begins = min([start for start, _ in [*grants, *ons]], default=None)
        self.vip = dict.fromkeys(range(FIRST, LAST), False)
        self.kept = dict(self.vip)
        for start, end in grants:
            self.vip.update(dict.fromkeys(range(start, end), True))
        for start, end in [*grants, *ons]:
            self.kept.update(dict.fromkeys(range(start, end + 48), True))
        self.mode: dict[int, str] = {}
        for mode, start, end in overrides:
            for layer in (self.vip, self.kept):
                layer.update(dict.fromkeys(range(start, end), mode == "on"))
            self.mode.update(dict.fromkeys(range(start, end), mode))

    def end(self, layer: dict[int, bool], hour: int) -> int | None:
        """Return the first hour without, from one that is with."""
        return next(later for later in range(hour, LAST) if not layer[later]) if layer[hour] else None

    def state(self, hour: int) -> tuple[str, int | None, int | None, int | None]:
        """Return state, end of VIP, end of what it gives, and the notice."""
        until, kept = self.end(self.vip, hour), self.end(self.kept, hour)
        if until is not None:
            notice = 24 if until - hour <= 24 else 72 if until - hour <= 72 else None
            return "expiring" if notice else "active", until, kept, notice
        if kept is not None:
            return "grace", None, kept, None
        return "expired" if self.begins is not None and self.begins <= hour else "none", None, None, None


SPANS = st.lists(st.tuples(st.integers(-100, 200), st.integers(1, 150)), max_size=4).map(
    lambda drawn: [(start, start + length) for start, length in drawn]
)
OVERRIDES = st.lists(
    st.tuples(st.sampled_from(["on", "off"]), st.integers(-100, 200), st.integers(1, 150)), max_size=4
).map(lambda drawn: [(mode, start, start + length) for mode, start, length in drawn])


def promised(grants: Spans, overrides: list[tuple[str, int, int]]) -> vip.Promises:
    """Return both as the module takes them. The clocks' slack is taken out of the beginnings."""
    late = vip.CLOCK_SLACK
    return vip.Promises(
        tuple(vip.Given(n, hours(start) + late, hours(end)) for n, (start, end) in enumerate(grants, start=1)),
        tuple(
            vip.Override(n, mode, hours(start) + late, hours(end))  # type: ignore[arg-type]
            for n, (mode, start, end) in enumerate(overrides, start=1)
        ),
    )


def hour_of(moment: datetime | None) -> int | None:
    """Return the moment as hours from now."""
    return None if moment is None else (moment - NOW) // timedelta(hours=1)


@given(SPANS, OVERRIDES, st.integers(-120, 400))
def test_the_standing_is_that_of_the_painted_hours(
    grants: Spans, overrides: list[tuple[str, int, int]], hour: int
) -> None:
    found, painted = vip.standing(promised(grants, overrides), hours(hour)), Painted(grants, overrides)
    assert (found.state, hour_of(found.until), hour_of(found.kept_until), found.hours) == painted.state(hour)
    assert found.mode == painted.mode.get(hour)


@given(SPANS, OVERRIDES, st.integers(-120, 400))
def test_nothing_changes_before_the_next_change(
    grants: Spans, overrides: list[tuple[str, int, int]], hour: int
) -> None:
    promises, painted = promised(grants, overrides), Painted(grants, overrides)
    following = hour_of(vip.next_change(promises, hours(hour)))
    quiet = range(hour, LAST - 50 if following is None else min(following, LAST - 50))
    assert {(painted.state(between), painted.mode.get(between)) for between in quiet} <= {
        (painted.state(hour), painted.mode.get(hour))
    }


def told_by(
    promises: vip.Promises, ticks: Iterable[int], told: vip.Standing = vip.NOTHING
) -> tuple[list[tuple[str, object]], vip.Standing]:
    """Let the clock tick; return what was told with how the person stood then, and what was told last."""
    said: list[tuple[str, object]] = []
    for hour in ticks:
        standing = vip.standing(promises, hours(hour))
        said += [(kind, standing) for kind in vip.news(told, standing)]
        told = standing
    return said, told


@given(SPANS, OVERRIDES, st.sets(st.integers(-120, 600)))
def test_however_seldom_the_clock_ticks_it_ends_the_same_and_tells_nothing_twice(
    grants: Spans, overrides: list[tuple[str, int, int]], seldom: set[int]
) -> None:
    promises = promised(grants, overrides)
    all_said, end = told_by(promises, range(-120, 601))
    said, same_end = told_by(promises, [*sorted(seldom), 600, 600])
    assert same_end == end
    assert [n for kind, n in said if kind == "expiring"] == list(
        dict.fromkeys(n for kind, n in said if kind == "expiring")
    )
    assert {kind for kind, _ in said} <= {kind for kind, _ in all_said}
    for kind in ("grace_entered", "expired"):
        assert [k for k, _ in said].count(kind) <= [k for k, _ in all_said].count(kind)


def test_a_month_is_told_in_order_and_each_step_once() -> None:
    month = promised([(0, 720 - 100)], [])
    said, end = told_by(month, range(LAST), vip.standing(month, NOW))
    assert [(kind, hour_of(s.until or s.kept_until), s.hours) for kind, s in said] == [  # type: ignore[attr-defined]
        ("expiring", 620, 72),
        ("expiring", 620, 24),
        ("grace_entered", 668, None),
        ("expired", None, None),
    ]
    assert end.state == "expired"


def test_what_was_overtaken_is_not_told() -> None:
    promises, active = promised([(0, 100)], []), vip.standing(promised([(0, 100)], []), NOW)
    for hour, kinds in [(20, []), (30, ["expiring"]), (99, ["expiring"]), (100, ["grace_entered"]), (150, ["expired"])]:
        assert vip.news(active, vip.standing(promises, hours(hour))) == kinds


def test_an_override_that_came_and_went_between_two_looks_is_told_by_the_end() -> None:
    promises = promised([(0, 400)], [("off", 10, 20)])
    before, after = (vip.standing(promises, hours(hour)) for hour in (0, 30))
    assert (hour_of(before.until), hour_of(after.until)) == (10, 400)
    assert vip.news(before, after) == ["overridden"]


@pytest.mark.parametrize("seed", range(4))
def test_expiry_and_purchase_at_the_same_moment_end_the_same_in_either_order(seed: int) -> None:
    """A thousand histories: somebody's VIP ends, and within a second of it they buy, while the clock ticks."""
    chance = random.Random(seed)
    for _ in range(250):
        grants = [(NOW - timedelta(days=chance.randint(1, 60)), NOW) for _ in range(chance.randint(1, 3))]
        # an override now and then, which ends long before or after
        overrides = tuple(
            vip.Override(
                n, chance.choice(vip.MODES), NOW - timedelta(days=9), NOW + timedelta(days=chance.choice([-5, 5]))
            )
            for n in range(chance.choice([0, 0, 1]))
        )
        bought_at, ticked_at = (NOW + timedelta(milliseconds=chance.randint(-1000, 1000)) for _ in range(2))
        days = chance.choice([1, 7, 30])

        before = vip.Promises(tuple(vip.Given(n, *span) for n, span in enumerate(grants)), overrides)
        after = before.with_days(days, bought_at)
        length = after.given[-1].ends_at - max(NOW, bought_at) - timedelta(days=days)
        ons = [o.until for o in overrides if o.mode == "on" and o.until > NOW]
        assert length == (ons[0] - max(NOW, bought_at) if ons else timedelta()), "no gap, nothing twice"
        ends = []
        for clock_first in (True, False):
            told = vip.standing(before, NOW - timedelta(hours=1))
            said = []
            if clock_first:
                early = vip.standing(before, ticked_at)
                said, told = vip.news(told, early), early
                assert "expired" not in said
            told = vip.standing(after, bought_at)
            late = vip.standing(after, ticked_at)
            assert not {"expired", "grace_entered"} & set(vip.news(told, late)), "the purchase came first"
            assert vip.continues(before, bought_at)
            ends.append(vip.standing(after, NOW + timedelta(seconds=2)))
        assert ends[0] == ends[1]


@given(SPANS, OVERRIDES, st.integers(1, 30))
def test_more_days_never_take_any_away(grants: Spans, overrides: list[tuple[str, int, int]], days: int) -> None:
    promises = promised(grants, overrides)
    more = promises.with_days(days, NOW)
    before, after = vip.standing(promises, NOW), vip.standing(more, NOW)
    for old, new in ((before.until, after.until), (before.kept_until, after.kept_until)):
        assert old is None or (new is not None and new >= old)
    if after.mode != "off":
        assert after.until is not None
        assert after.until - NOW >= timedelta(days=days) or any(o.mode == "off" for o in promises.overrides)


def test_both_apps_keep_what_vip_gives_for_the_same_time() -> None:
    assert vip.GRACE / timedelta(microseconds=1) == folding.VIP_GRACE
