"""Reading boards: periods, segments, who shows, and the neighbours, all without a cache."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.gamification import boards
from apps.gamification.boards import places
from apps.gamification.models import BoardPerson, BoardRow
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, award, event, message, people, person
from tests.gamification.boards.acts import becomes, give, reverse, seen, sees, vip

pytestmark = pytest.mark.django_db

# Sunday and the last of the month, a second before midnight in UTC.
LAST_SECOND = datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC)
MIDNIGHT = LAST_SECOND + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _without_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is worth a call: the cache never has the set."""
    monkeypatch.setattr(places.cache, "ranks", lambda scope, scores: None)


@pytest.mark.parametrize("board", ["daily", "weekly", "monthly"])
def test_a_period_ends_at_midnight_in_utc(board: boards.Board) -> None:
    somebody = person()
    give(somebody, 7, LAST_SECOND)
    give(somebody, 5, MIDNIGHT)
    assert seen(board, LAST_SECOND) == [(1, somebody, 7)]
    assert seen(board, MIDNIGHT) == [(1, somebody, 5)]
    assert seen("total", MIDNIGHT) == [(1, somebody, 12)]


def test_the_persons_own_midnight_is_nothing_to_boards() -> None:
    somebody = person()
    award(message(somebody), at=LAST_SECOND, offset=14 * 60)
    assert seen("daily", LAST_SECOND) == [(1, somebody, 5)]


def test_a_reversal_takes_points_from_the_period_in_which_they_were_earned() -> None:
    somebody = person()
    earned = give(somebody, 7, LAST_SECOND)
    give(somebody, 5, MIDNIGHT)
    reverse(earned, MIDNIGHT + timedelta(days=3))
    for board in ("daily", "weekly", "monthly"):
        assert seen(board, LAST_SECOND) == []
        assert seen(board, MIDNIGHT) == [(1, somebody, 5)]
    assert seen("total") == [(1, somebody, 5)]


def test_a_penalty_takes_nothing_from_boards() -> None:
    somebody = person()
    give(somebody, 7)
    give(somebody, -4)
    assert seen("total") == seen("weekly") == [(1, somebody, 7)]


def test_boards_of_other_things_than_points() -> None:
    switch_achievements_off()
    somebody, other = people(2)
    for day in ("2026-03-10", "2026-03-11"):
        award(event("user.active_day", somebody, local_date=day))
    chapter = {"story": "s", "seconds": 1}
    for name in ("one", "two", "two"):
        award(event("narrative.chapter_completed", other, chapter=name, **chapter))
    answer = {"question": "q", "milliseconds": 4000, "shortest_milliseconds": 1_000}
    award(*(event("game.trivia_completed", other, correct=correct, **answer) for correct in (True, False, True)))
    award(event("game.achievement_unlocked", somebody, achievement="a", tier="bronze"))
    award(event("game.achievement_unlocked", somebody, achievement="a", tier="silver"))
    award(event("game.achievement_revoked", somebody, achievement="a", tier="silver"))
    assert seen("streak") == [(1, somebody, 2)]
    assert seen("narrative") == [(1, other, 2)]
    assert seen("trivia") == [(1, other, 2)]
    assert seen("achievements") == [(1, somebody, 1)]


@pytest.mark.parametrize(
    ("going", "coming"),
    [
        (lambda p: sees(p, "hidden"), lambda p: sees(p, "name")),
        (lambda p: event("user.deactivated", p), lambda p: event("user.reactivated", p)),
        (
            lambda p: event("admin.user_suspended", p, until=None, actor=1, audit=1),
            lambda p: event("admin.user_unsuspended", p, actor=1, audit=2),
        ),
        (lambda p: event("user.erased", p), None),
    ],
    ids=["hidden", "deactivated", "suspended", "erased"],
)
def test_who_does_not_show_has_no_place_and_keeps_the_points(going, coming) -> None:
    somebody, other = people(2)
    give(somebody, 9)
    give(other, 5)
    award(going(somebody))
    assert seen("total") == seen("weekly") == [(1, other, 5)]
    assert boards.rank_of(somebody, "total", NOON) is None
    assert boards.around(somebody, "total", NOON) == []
    give(somebody, 1, NOON + timedelta(days=40))
    assert seen("monthly", NOON + timedelta(days=40)) == [], "nor on boards that they come to later"
    if coming:
        award(coming(somebody))
        assert seen("total") == [(1, somebody, 10), (2, other, 5)]
    else:
        award(sees(somebody, "name"))
        assert seen("total") == [(1, other, 5)], "who is erased stays so"


def test_a_suspension_that_ran_out_ends_with_the_next_act() -> None:
    somebody = person()
    give(somebody, 9)
    until = (NOON + timedelta(hours=1)).isoformat()
    award(event("admin.user_suspended", somebody, until=until, actor=1, audit=1))
    assert seen("total") == []
    award(message(somebody), at=NOON + timedelta(hours=2))
    assert seen("total") == [(1, somebody, 14)]


def test_an_alias_is_told_to_whoever_shows_the_board() -> None:
    somebody, other = people(2)
    give(somebody, 9)
    give(other, 5)
    award(sees(somebody, "alias"))
    assert [place.alias for place in boards.top("total", 10, NOON)] == [True, False]
    assert [place.alias for place in boards.around(other, "total", NOON)] == [True, False]


def test_vips_are_among_themselves_as_long_as_they_are_vips() -> None:
    switch_achievements_off()
    first, second, third = people(3)
    for points, somebody in enumerate((third, second, first), start=1):
        give(somebody, points)
    award(vip(first, NOON + timedelta(hours=1)), vip(third, NOON + timedelta(hours=3)))
    assert seen("total", segment="vip") == [(1, first, 3), (2, third, 1)]
    assert boards.rank_of(second, "total", NOON, segment="vip") is None
    later = NOON + timedelta(hours=2)
    assert seen("total", later, segment="vip") == [(1, third, 1)], "no event is needed for the end"
    award(event("vip.revoked", third, grant=1, until=None))
    assert seen("total", later, segment="vip") == []


def test_people_of_an_archetype_see_each_other() -> None:
    switch_achievements_off()
    first, second, third, none = people(4)
    for points, somebody in enumerate((none, third, second, first), start=1):
        give(somebody, points)
    award(becomes(first, "Explorer"), becomes(second, "Challenger"), becomes(third, "Explorer with a Connector side"))
    assert seen("total", segment="archetype", person_id=third) == [(1, first, 54), (2, third, 52)], "the quiz pays 50"
    assert boards.rank_of(third, "total", NOON, segment="archetype") == 2
    assert seen("total", segment="archetype", person_id=none) == []
    assert boards.rank_of(none, "total", NOON, segment="archetype") is None
    award(becomes(third, "All-rounder"))
    assert seen("total", segment="archetype", person_id=third) == [(1, third, 52)]


def test_five_above_and_five_below_with_ranks() -> None:
    crowd = people(14)
    for n, somebody in enumerate(crowd):
        # the third to the ninth have the same, in this order
        give(somebody, 50 if 2 <= n <= 8 else 60 - 2 * n, NOON + timedelta(minutes=n))
    order = [p.person_id for p in boards.top("total", 20, NOON)]
    ranks = {p.person_id: p.rank for p in boards.top("total", 20, NOON)}
    for position, somebody in enumerate(order):
        found = boards.around(somebody, "total", NOON)
        assert [p.person_id for p in found] == order[max(position - 5, 0) : position + 6]
        assert [p.rank for p in found] == [ranks[p.person_id] for p in found]


def test_alone_one_is_around_oneself() -> None:
    somebody = person()
    give(somebody, 1)
    assert [(p.rank, p.person_id) for p in boards.around(somebody, "total", NOON)] == [(1, somebody)]
    assert boards.around(person(), "total", NOON) == []


def test_nobody_is_on_an_empty_board() -> None:
    for board in boards.BOARDS:
        assert seen(board) == []
        assert boards.rank_of(person(), board, NOON) is None


def test_ranks_behind_the_exact_ones_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "EXACT", 2)
    crowd = people(9)
    for n, somebody in enumerate(crowd):
        give(somebody, 10 - n // 3)
    ranks = [boards.rank_of(somebody, "total", NOON) for somebody in crowd]
    assert ranks == [1, 1, 1, 4, 4, 4, 7, 7, 7]
    assert [p.rank for p in boards.around(crowd[4], "total", NOON)] == ranks


def test_states_that_do_not_change_a_board_write_no_row() -> None:
    switch_achievements_off()
    somebody = person()
    award(event("user.returned", somebody, days_away=8))
    assert not BoardRow.objects.exists()
    assert not BoardPerson.objects.exists()
