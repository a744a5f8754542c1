"""Reads for screens: standing, lines, explanations, boards."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from apps.gamification import selectors, services
from apps.gamification.models import Entry
from tests.gamification.acts import NOON, STAFF, award, daily, event, message, people, person

pytestmark = pytest.mark.django_db


def give(person_id: int, amount: int, key: str, minutes: int = 0) -> Entry:
    """Award as staff do."""
    now = NOON + timedelta(minutes=minutes)
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=now)


def test_somebody_without_an_account_stands_at_the_beginning() -> None:
    standing = selectors.standing(person())
    assert (standing.balance, standing.level, standing.to_next_level, standing.streak_days) == (0, 1, 100, 0)
    assert standing.title == "Newcomer"


def test_standing_after_some_points() -> None:
    somebody = person()
    award(event("user.active_day", somebody, local_date="2026-03-11"))
    give(somebody, 1050, "a")
    give(somebody, -50, "b")
    standing = selectors.standing(somebody)
    assert (standing.balance, standing.lifetime, standing.level, standing.to_next_level) == (1000, 1050, 5, 450)
    assert (standing.streak_days, standing.streak_date, standing.title) == (1, date(2026, 3, 11), "Wanderer")


def test_lines_come_newest_first_with_their_why() -> None:
    somebody = person()
    award(event("vip.granted", somebody, grant=1, source="gift", until="2027-01-01T00:00:00+00:00"))
    award(daily(somebody), daily(somebody))
    [newest] = selectors.entries(somebody, 10).lines
    assert (newest.amount, newest.base, newest.bonuses) == (75, 50, [("vip", 5000)])
    assert (newest.kind, newest.note, newest.title) == ("award", "", "Daily visit")
    assert len(selectors.entries(somebody, 1).lines) == 1


def test_an_explanation_names_event_rule_version_and_bonuses() -> None:
    somebody = person()
    award(event("vip.granted", somebody, grant=1, source="gift", until="2027-01-01T00:00:00+00:00"))
    (cause,) = award(daily(somebody))
    explained = selectors.explain(Entry.objects.get(rule="daily_login").pk)
    assert (explained.event_id, explained.event_type) == (cause.event_id, "game.daily_login")
    assert explained.rule_definition is not None
    assert explained.rule_definition["base"] == 50
    assert explained.words == [
        "It happened: game.daily_login, 2026-03-11 12:00:00 UTC.",
        "Daily visit (version 1 of the rule) pays a base of 50.",
        "Bonus VIP: +50 %.",
        "That makes +75; the balance after it is 75.",
    ]


def test_explanations_of_staffs_entries_give_the_reason() -> None:
    somebody = person()
    given = give(somebody, 10, "a")
    penalty = give(somebody, -40, "b")
    reversal = services.reverse_entry(entry_id=given.pk, reason="r", actor=STAFF, key="c", now=NOON)
    assert selectors.explain(given.pk).reversed_by == reversal.pk
    assert selectors.explain(penalty.pk).words[1] == "30 more could not be taken: the balance was empty."
    assert selectors.explain(reversal.pk).words[0] == f"It takes entry {given.pk} back, which was 10."
    assert (selectors.explain(given.pk).reason, selectors.explain(given.pk).actor) == ("r", "admin:vera")
    with translation.override("ru"):
        assert selectors.explain(given.pk).words
    with pytest.raises(services.UnknownEntry):
        selectors.explain(0)


def test_equal_points_share_a_rank_and_the_earlier_comes_first() -> None:
    first, late, early, last, nobody = people(5)
    give(late, 50, "l", minutes=2)
    give(early, 50, "e", minutes=1)
    give(first, 60, "f", minutes=3)
    give(last, 40, "z", minutes=4)
    expected = [(1, first, 60), (2, early, 50), (2, late, 50), (4, last, 40)]
    for board in ("total", "weekly"):
        assert [(p.rank, p.person_id, p.points) for p in selectors.top(board, 10, NOON)] == expected
        assert [selectors.rank_of(p, board, NOON) for p in (first, early, late, last, nobody)] == [1, 2, 2, 4, None]
    assert len(selectors.top("total", 2, NOON)) == 2


def test_the_week_begins_on_monday_in_utc() -> None:
    somebody = person()
    sunday = NOON.replace(day=8, hour=23, minute=59)
    award(message(somebody), at=sunday)
    award(message(somebody), message(somebody), at=sunday + timedelta(minutes=1))
    assert [p.points for p in selectors.top("weekly", 10, NOON)] == [10]
    assert [p.points for p in selectors.top("weekly", 10, sunday)] == [5]
    assert selectors.top("weekly", 10, NOON + timedelta(days=5)) == []


def test_totals_agree() -> None:
    somebody = person()
    give(somebody, 50, "a")
    give(somebody, -20, "b")
    totals = selectors.ledger_totals()
    assert (totals.accounts, totals.entries, totals.amounts, totals.balances, totals.lifetimes) == (1, 2, 30, 30, 50)
