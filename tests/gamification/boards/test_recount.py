"""Rows are a fold over the ledger and the states; what differs is found by name and put right."""

import json
from datetime import timedelta
from io import StringIO

import hypothesis.strategies as st
import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings

from apps.gamification import selectors
from apps.gamification.boards import cache, recount, refreshing
from apps.gamification.boards.scope import scope_of
from apps.gamification.models import BoardPerson, BoardRow, Entry
from diana import clock
from diana.events import Event
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, award, event, message, people, person
from tests.gamification.boards.acts import becomes, give, reverse, sees, vip


def owner(statement: str, *values: object) -> None:
    """Change what the application may not."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


# Over midnight, the ends of a week and of a month, and back.
HOURS = st.integers(0, 24 * 35)
ACT = st.one_of(
    st.tuples(st.just("give"), st.integers(-9, 9).filter(bool), HOURS),
    st.tuples(st.just("reverse"), st.integers(0, 20), HOURS),
    st.tuples(st.just("fact"), st.integers(0, 9), HOURS),
)
FACTS = [
    lambda p, at: message(p),
    lambda p, at: event("user.active_day", p, local_date=at.date().isoformat()),
    lambda p, at: event("narrative.chapter_completed", p, story="s", chapter=str(at.day % 3), seconds=1),
    lambda p, at: event(
        "game.trivia_completed",
        p,
        question=str(at.day),
        correct=at.hour % 2 == 0,
        milliseconds=5000,
        shortest_milliseconds=1000,
    ),
    lambda p, at: event("game.achievement_unlocked", p, achievement=str(at.day), tier="bronze"),
    lambda p, at: sees(p, ("name", "alias", "hidden")[at.day % 3]),
    lambda p, at: event("admin.user_suspended", p, until=(at + timedelta(hours=5)).isoformat(), actor=1, audit=1),
    lambda p, at: vip(p, at + timedelta(days=2)),
    lambda p, at: becomes(p, ("Explorer", "Connector")[at.day % 2]),
    lambda p, at: event("user.deactivated" if at.hour % 2 else "user.reactivated", p),
]


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), ACT), max_size=14))
def test_rows_are_a_fold_over_the_ledger_and_the_states(acts: list[tuple[int, tuple[str, int, int]]]) -> None:
    with transaction.atomic():
        crowd, entries = people(3), []
        now = NOON + timedelta(days=36)
        for who, (kind, number, hours) in acts:
            at = NOON + timedelta(hours=hours)
            if kind == "give":
                entry = give(crowd[who], number, at)
                entries += [entry] * bool(entry.amount)
            elif kind == "reverse":
                if entries:
                    reverse(entries.pop(number % len(entries)), at)
            else:
                facts: Event = FACTS[number](crowd[who], at)
                award(facts, at=at)
        report = recount.compare_rows(now)
        assert report.differences == []
        _agrees_with_a_naive_count(crowd)
        transaction.set_rollback(True)


def _agrees_with_a_naive_count(crowd: list[int]) -> None:
    """Count in Python, entry by entry, what days and the total must be."""
    reversed_ids = set(Entry.objects.exclude(reverses=None).values_list("reverses", flat=True))
    for somebody in crowd:
        days: dict[object, int] = {}
        for entry in Entry.objects.filter(account_id=somebody, kind__in=["award", "staff_award"], amount__gt=0):
            day = entry.occurred_at.date()
            days[day] = days.get(day, 0) + (0 if entry.pk in reversed_ids else entry.amount)
        rows = dict(BoardRow.objects.filter(account_id=somebody, board=4).values_list("period", "score"))
        assert rows == days
        assert sum(days.values()) == selectors.standing(somebody).lifetime


def crowd_on_boards() -> list[int]:
    switch_achievements_off()
    crowd = people(3)
    for n, somebody in enumerate(crowd):
        give(somebody, 10 + n)
        award(event("user.active_day", somebody, local_date="2026-03-10"))
    award(vip(crowd[0], NOON + timedelta(days=400)))
    return crowd


SPOILS = {
    "rows": ("UPDATE gamification_boardrow SET score = score + 1 WHERE account_id = %s AND board = 2", "weekly 2026-03-09"),
    "total": ("DELETE FROM gamification_boardrow WHERE account_id = %s AND board = 1", "total"),
    "streak": ("UPDATE gamification_boardrow SET score = 9 WHERE account_id = %s AND board = 5", "streak"),
    "look": ("UPDATE gamification_boardperson SET shown = false WHERE account_id = %s", ""),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("spoil", SPOILS)
def test_what_was_spoilt_is_named_and_put_right(spoil: str) -> None:
    somebody = crowd_on_boards()[0]
    assert recount.compare_rows(NOON).ok
    statement, board = SPOILS[spoil]
    owner(statement, somebody)
    report = recount.compare_rows(NOON)
    assert {(d.account, d.board) for d in report.differences} == {(somebody, board)}
    assert recount.repair_rows(NOON, report.accounts) == 1
    assert recount.compare_rows(NOON).differences == []


@pytest.mark.django_db
def test_rows_that_nothing_explains_are_removed() -> None:
    somebody = crowd_on_boards()[0]
    row = BoardRow.objects.get(account_id=somebody, board=4)
    row.period = row.period - timedelta(days=3)
    BoardRow.objects.bulk_create([row])
    report = recount.compare_rows(NOON)
    assert report.different == 1
    recount.repair_rows(NOON, report.accounts)
    assert recount.compare_rows(NOON).ok
    assert BoardPerson.objects.get(pk=somebody).vip_until is not None


def run(*arguments: str) -> tuple[int, dict]:
    """Run the command with --json; return its status and what it says."""
    out = StringIO()
    try:
        call_command("rebuild_leaderboards", *arguments, "--json", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command run at the tests' moment."""
    monkeypatch.setattr(clock, "now", lambda: NOON)


def test_the_command_finds_a_spoilt_cache_and_rebuilds_it(
    client: redis.Redis, committed_db: str, present: None
) -> None:
    first, second, third = crowd_on_boards()
    assert run("--verify")[0] == 0
    total = scope_of("total", NOON).key
    client.zadd(total, {str(first): 99})
    client.zrem(total, str(second))
    client.zadd(total, {"424242": 1})
    status, said = run("--verify")
    assert (status, said["different"]) == (1, 3)
    assert {(d["place"], d["board"], d["account"]) for d in said["differences"]} == {
        ("cache", "total everyone", n) for n in (first, second, 424242)
    }
    assert run("--verify", "--board", "weekly")[0] == 0
    assert run("--board", "total")[0] == 0
    status, said = run("--verify")
    assert (status, said["different"], said["differences"], said["lost_sets"]) == (0, 0, [], [])
    assert cache.members(scope_of("total", NOON)) == {first: 10, second: 11, third: 12}


def test_the_command_puts_rows_right(client: redis.Redis, committed_db: str, present: None) -> None:
    somebody = crowd_on_boards()[0]
    owner("UPDATE gamification_boardrow SET score = 1000 WHERE account_id = %s AND board = 4", somebody)
    assert run("--verify")[1]["differences"][0]["wanted"].startswith("10 at")
    assert run()[1]["repaired"] == 1
    assert run("--verify")[0] == 0
    assert cache.scores(scope_of("daily", NOON), [somebody]) == {somebody: 10}


def test_the_command_says_what_to_do_without_redis(
    client: redis.Redis, committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "_build", lambda *_: (_ for _ in ()).throw(cache.Unavailable("away")))
    with pytest.raises(CommandError, match="CACHE_URL"):
        call_command("rebuild_leaderboards")


@pytest.mark.django_db
def test_the_look_of_people_is_copied_by_the_database_alone() -> None:
    somebody = person()
    give(somebody, 5)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        owner("UPDATE gamification_boardrow SET shown = false WHERE account_id = %s", somebody)
