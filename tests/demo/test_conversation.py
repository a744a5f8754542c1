"""The conversation and what is expected of it: they agree with each other and with what the demo promises to show."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from demo.conversation import HOUR_SECONDS, Line, dated, read_conversation, start_of_conversation
from demo.effects import Expected, read_expected
from tests.demo.recount import recount

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return read_conversation()


@pytest.fixture(scope="module")
def expected() -> Expected:
    return read_expected()


def dates(update: object) -> list[int]:
    if isinstance(update, list):
        return [date for part in update for date in dates(part)]
    if not isinstance(update, dict):
        return []
    own = [part for name, part in update.items() if name in ("date", "edit_date")]
    return own + [date for part in update.values() for date in dates(part)]


@pytest.mark.parametrize("day", [date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 30)])
def test_the_expectation_is_what_a_recount_by_the_rules_gives(lines: list[Line], expected: Expected, day: date) -> None:
    people, refusals = recount(lines, day)
    assert expected.refusals == refusals
    assert set(expected.names()) == set(people)
    for person in expected.on(day).people.values():
        tally = people[person.telegram_id]
        assert person.events == +tally.events
        assert {(e.rule, e.amount): e.count for e in person.entries} == +tally.entries
        assert person.answers == tally.answers


def test_five_people_bring_what_is_hard_to_get_right(lines: list[Line], expected: Expected) -> None:
    assert len(expected.people) == 5
    assert 60 <= len(lines) <= 80
    assert expected.refusals == {"copy": 1, "secret": 1, "unknown": 1}
    total = Counter[str]()
    for person in expected.people.values():
        total.update(person.events)
    assert total["game.points_suppressed"] == 1
    assert total["game.level_up"] > 0
    assert any(person.events["game.login"] == 2 for person in expected.people.values())
    assert any(person.answers == 0 for person in expected.people.values())
    text = json.dumps([line.update for line in lines], ensure_ascii=False)
    for detail in ("edited_message", "message_reaction", "sticker", '"es-001"', '"ru-001"', "<b>", "🌱", "supergroup"):
        assert detail in text


def test_everything_happens_in_order_within_one_clock_hour(lines: list[Line]) -> None:
    posted = [line for line in lines if line.update.get("message")]
    assert all(0 <= date < HOUR_SECONDS for line in lines for date in dates(line.update))
    assert all(a.update["message"]["date"] <= b.update["message"]["date"] for a, b in pairwise(posted) if a != b)


@pytest.mark.parametrize(
    "now", ["2026-03-01T00:00:00", "2026-03-01T00:00:01", "2026-12-31T23:59:59", "2026-07-01T12:30:00"]
)
def test_no_hour_or_day_of_playing_makes_a_difference(now: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    begins = datetime.fromtimestamp(start_of_conversation(moment), UTC)
    ends = begins + timedelta(seconds=HOUR_SECONDS - 1)
    assert (begins.minute, begins.second, begins.microsecond) == (0, 0, 0)
    assert begins.date() == ends.date()
    assert moment - timedelta(hours=2) < begins
    assert ends < moment


def test_dates_are_counted_from_the_start_and_nothing_else_is_touched() -> None:
    update = {"update_id": 5, "edited_message": {"date": 10, "edit_date": 20, "message_id": 7, "photos": [{"date": 1}]}}
    assert dated(update, 1000) == {
        "update_id": 5,
        "edited_message": {"date": 1010, "edit_date": 1020, "message_id": 7, "photos": [{"date": 1001}]},
    }
