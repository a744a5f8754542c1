"""Other rules are tried on what happened, through the same core; nothing is written and nothing could be."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.db.utils import DatabaseError

from apps.gamification import selectors, whatif
from diana import clock
from tests.gamification.acts import NOON, award, daily, event, message, people, person

pytestmark = pytest.mark.django_db

UNTIL = NOON + timedelta(days=1)


def compared(rules: dict[str, Any], multipliers: dict[str, Any] | None = None, **options: Any) -> whatif.Comparison:
    """Compare the day of NOON under other rules."""
    since = NOON - timedelta(days=1)
    return whatif.compare(whatif.other_rulebook(rules, multipliers, since), since=since, until=UNTIL, **options)


def everything() -> str:
    """Return what every table holds and where every sequence stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace"
        )
        names = sorted(row[0] for row in cursor.fetchall())
        found = []
        for name in names:
            cursor.execute("SELECT relkind FROM pg_class WHERE oid = %s::regclass", [name])
            what = "last_value" if cursor.fetchone()[0] == "S" else "count(*)"
            try:
                with transaction.atomic():
                    cursor.execute(f'SELECT {what} FROM "{name}"')
                    found.append(f"{name}={cursor.fetchone()[0]}")
            except DatabaseError:
                continue  # not the application's to see
    return ";".join(found)


def test_the_same_rules_pay_what_the_ledger_holds() -> None:
    first, second = people(2)
    award(daily(first), daily(second), *[message(first) for _ in range(3)])
    award(
        event("user.active_day", first, local_date="2026-03-10"),
        event("user.active_day", first, local_date="2026-03-11"),
    )
    found = compared({})
    balances = sorted(selectors.balance(who) for who in (first, second))
    assert found.total_before == found.total_after == sum(balances)
    assert [found.distribution[p] for p in (50, 100)] == [(balance, balance) for balance in balances]
    assert (found.better, found.worse, found.winners, found.losers) == (0, 0, [], [])


def test_a_higher_base_shows_who_wins_and_by_which_rule() -> None:
    talker, visitor = people(2)
    award(*[message(talker) for _ in range(4)], daily(visitor))
    found = compared({"message_sent": {"base": 10}, "daily_login": None})
    assert (found.total_before, found.total_after) == (70, 40)
    assert [(m.person_id, m.change) for m in found.winners] == [(talker, 20)]
    assert [(m.person_id, m.change) for m in found.losers] == [(visitor, -50)]
    assert (found.entries_after["message_sent"], found.entries_after["daily_login"]) == (4, 0)


def test_before_the_span_the_rules_in_force_hold() -> None:
    somebody = person()
    award(event("user.onboarding_completed", somebody, seconds=60), at=NOON - timedelta(days=5))
    award(event("user.onboarding_completed", somebody, seconds=60))
    found = compared({"onboarding_completed": {"base": 500}})
    assert (found.total_before, found.total_after) == (0, 0), "it was paid once, before"


def test_other_bonuses_and_another_cap() -> None:
    somebody = person()
    award(*[event("game.challenge_completed", somebody, challenge=f"c{n}", score=1) for n in range(5)])
    unlocked = 20  # for the fifth challenge, and not under the cap
    assert compared({}, {"daily_cap": 1000}).total_after == 1000 + unlocked
    until = (NOON + timedelta(hours=1)).isoformat()
    award(event("vip.granted", somebody, grant=1, source="gift", until=until), daily(somebody))
    assert compared({}, {"vip": 0, "daily_cap": 1000}).total_after == 1000 + unlocked


def test_it_writes_nothing() -> None:
    award(*[message(somebody) for somebody in people(3)])
    before = everything()
    compared({"message_sent": {"base": 10}})
    assert everything() == before


def test_it_cannot_write() -> None:
    refused = pytest.raises((InternalError, DatabaseError), match="read-only")
    with refused, transaction.atomic(), whatif.reading_only(), connection.cursor() as cursor:
        cursor.execute("UPDATE event_cursor SET handled = handled")


def test_some_of_the_people_are_the_same_ones_each_time() -> None:
    award(*[message(somebody) for somebody in people(6)])
    first, second = compared({"message_sent": {"base": 6}}, most=3), compared({"message_sent": {"base": 6}}, most=3)
    assert (first.people, first.partial) == (3, True)
    assert first.winners == second.winners
    assert compared({}, seconds=0).people == 1


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ({"message_sent": {"bass": 3}}, "bass"),
        ({"message_sent": {"base": "many"}}, "base"),
        ({"message_sent": {"limits": [{"per": "hour", "key": ["nothing"]}]}}, "nothing"),
        ({"unheard_of": None}, "no such rule"),
        ({"unheard_of": {"base": 3}}, "event_type"),
    ],
)
def test_rules_that_could_not_work_are_refused(rules: dict[str, Any], says: str) -> None:
    with pytest.raises(whatif.InvalidChange, match=says):
        compared(rules)


def test_the_command_reports_for_people_and_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def now() -> datetime:
        return NOON + timedelta(hours=1)

    monkeypatch.setattr(clock, "now", now)
    award(message(person()))
    changed = tmp_path / "rules.json"
    changed.write_text(json.dumps({"message_sent": {"base": 10}}))
    out = StringIO()
    call_command("whatif", "--days", "7", "--rules", str(changed), "--json", stdout=out)
    document = json.loads(out.getvalue())
    assert (document["total_before"], document["total_after"], document["people"]) == (5, 10, 1)
    out = StringIO()
    call_command("whatif", "--rules", str(changed), stdout=out)
    assert "5 before, 10 after (+5)" in out.getvalue()
    with pytest.raises(CommandError, match="Say what is different"):
        call_command("whatif")
    changed.write_text("[]")
    with pytest.raises(CommandError, match="one JSON object"):
        call_command("whatif", "--rules", str(changed))


def test_nothing_to_compare_is_said() -> None:
    out = StringIO()
    path = Path(__file__).with_name("no_such_file.json")
    with pytest.raises(CommandError, match="no_such_file"):
        call_command("whatif", "--rules", str(path), stdout=out)
    assert compared({}).people == 0
