"""The end of periods: once, for the first hundred, after the grace, also after downtime."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.gamification import boards
from apps.gamification.boards import closing
from apps.gamification.models import BoardRow
from apps.gamification.verify import verify
from diana.events import log, release
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, award, people, person
from tests.gamification.boards.acts import give, seen, sees
from tests.gamification.test_concurrency import at_once

MONDAY = datetime(2026, 3, 16, tzinfo=UTC)


def told(board: str | None = None) -> list[tuple[str, str, int | None, int, int, int]]:
    """Return what was told: board, period, person, rank, score, ranked."""
    ids = StoredEvent.objects.filter(type="game.rank_closed").order_by("id").values_list("id", flat=True)
    rows = [(envelope.fields, envelope.user_id) for envelope in log.read_events(list(ids))]
    return [
        (f["board"], f["period"], who, f["rank"], f["score"], f["ranked"])
        for f, who in rows
        if board is None or f["board"] == board
    ]


def closed(found: list[closing.Closed]) -> list[tuple[str, str]]:
    return [(one.board, one.period.isoformat()) for one in found]


@pytest.mark.django_db
def test_the_first_are_told_their_rank_once() -> None:
    first, second, third, hidden = people(4)
    for somebody, points in ((first, 9), (second, 5), (third, 5), (hidden, 100)):
        give(somebody, points)
    award(sees(hidden, "hidden"))
    now = MONDAY + closing.GRACE
    assert ("weekly", "2026-03-09") in closed(closing.close_due(now))
    assert told("weekly") == [
        ("weekly", "2026-03-09", first, 1, 9, 3),
        ("weekly", "2026-03-09", second, 2, 5, 3),
        ("weekly", "2026-03-09", third, 2, 5, 3),
    ]
    assert closing.close_due(now) == []
    assert len(told("weekly")) == 3
    assert verify().ok


@pytest.mark.django_db
def test_a_period_is_not_closed_before_the_grace_is_over() -> None:
    give(person(), 9)
    closing.close_due(MONDAY + closing.GRACE - timedelta(seconds=1))
    assert told("weekly") == []
    closing.close_due(MONDAY + closing.GRACE)
    assert len(told("weekly")) == 1


@pytest.mark.django_db
def test_only_the_first_hundred_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "EXACT", 2)
    for somebody in people(3):
        give(somebody, 5)
    closing.close_due(MONDAY + closing.GRACE)
    assert [(rank, ranked) for *_, rank, _, ranked in told("weekly")] == [(1, 3), (1, 3)]


@pytest.mark.django_db
def test_after_downtime_all_periods_are_made_up_for_from_their_own_rows() -> None:
    somebody = person()
    closing.close_due(NOON)
    for day in range(3):
        give(somebody, day + 1, NOON + timedelta(days=day))
    found = closed(closing.close_due(NOON + timedelta(days=30)))
    assert [period for board, period in found if board == "daily"] == [
        (date(2026, 3, 11) + timedelta(days=n)).isoformat() for n in range(30)
    ]
    assert [period for board, period in found if board == "weekly"] == [
        "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30",
    ]  # fmt: skip
    assert [period for board, period in found if board == "monthly"] == ["2026-03-01"]
    assert [(period, score) for _, period, _, _, score, _ in told("daily")] == [
        ("2026-03-11", 1),
        ("2026-03-12", 2),
        ("2026-03-13", 3),
    ]
    assert told("monthly") == [("monthly", "2026-03-01", somebody, 1, 6, 1)]


@pytest.mark.django_db
def test_history_before_the_first_time_is_left_alone() -> None:
    give(person(), 5, NOON - timedelta(days=60))
    assert sorted(closed(closing.close_due(NOON))) == [
        ("daily", "2026-03-10"),
        ("monthly", "2026-02-01"),
        ("weekly", "2026-03-02"),
    ]
    assert told() == []


@pytest.mark.django_db
def test_awards_that_are_behind_hold_a_period_open(monkeypatch: pytest.MonkeyPatch) -> None:
    give(person(), 5)
    closing.close_due(NOON)
    behind = timedelta(minutes=30).total_seconds()
    monkeypatch.setattr(release, "lag", lambda: [(AWARDS, 1, 1, behind)])
    assert ("weekly", "2026-03-09") not in closed(closing.close_due(MONDAY + timedelta(minutes=44)))
    assert ("weekly", "2026-03-09") in closed(closing.close_due(MONDAY + timedelta(minutes=46)))


@pytest.mark.django_db
def test_awards_that_stand_still_hold_it_open_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    closing.close_due(NOON)
    monkeypatch.setattr(release, "lag", lambda: [(AWARDS, 1, 1, timedelta(days=60).total_seconds())])
    assert ("weekly", "2026-03-09") not in closed(closing.close_due(MONDAY + timedelta(hours=23)))
    assert ("weekly", "2026-03-09") in closed(closing.close_due(MONDAY + timedelta(hours=24)))


@pytest.mark.django_db
def test_what_comes_after_the_closing_counts_and_tells_nobody() -> None:
    somebody, late = people(2)
    give(somebody, 5)
    closing.close_due(MONDAY + closing.GRACE)
    give(late, 9)
    closing.close_due(MONDAY + timedelta(hours=3))
    assert seen("weekly") == [(1, late, 9), (2, somebody, 5)]
    assert [who for _, _, who, *_ in told("weekly")] == [somebody]


def test_two_closers_at_once_close_once(committed_db: str) -> None:
    somebody = person()
    give(somebody, 5)
    drain(AWARDS)  # what waits would hold the week open
    found: list[tuple[str, str]] = []
    now = MONDAY + closing.GRACE
    at_once(*[lambda: found.extend(closed(closing.close_due(now)))] * 3)
    assert len(found) == len(set(found))
    assert ("weekly", "2026-03-09") in found
    assert len(told("weekly")) == 1
    drain(AWARDS)


@pytest.mark.django_db
def test_a_closing_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    give(person(), 5)
    with monkeypatch.context() as patched:
        patched.setattr(closing, "ranked", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            closing.close("weekly", date(2026, 3, 9), MONDAY)
    assert told() == []
    assert closing.close("weekly", date(2026, 3, 9), MONDAY) is not None
    assert len(told("weekly")) == 1


@pytest.mark.django_db
def test_rows_of_old_periods_are_forgotten_and_the_total_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "FORGOTTEN_AT_ONCE", 2)
    crowd = people(3)
    for somebody in crowd:
        give(somebody, 5)
        give(somebody, 5, NOON + timedelta(days=150))
    assert closing.forget_old_rows(NOON + timedelta(days=150)) == 9
    assert BoardRow.objects.filter(period__lt=date(2026, 7, 1)).exclude(board=1).count() == 0
    assert seen("total") == [(1, somebody, 10) for somebody in crowd]
    assert boards.top("daily", 5, NOON + timedelta(days=150)) != []
