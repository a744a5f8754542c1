"""Awards through the real bus: what is earned, what is taken away, and that nothing counts twice."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.gamification import awards, loading, selectors
from apps.gamification.models import BoardRow, Entry
from apps.gamification.verify import verify
from diana.events import publish
from diana.events.models import Cursor, Failure, StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, award, daily, event, happen, message, people, person

pytestmark = pytest.mark.django_db


def told(event_type: str) -> list[dict[str, Any]]:
    """Return the payloads of the events of a type, in order."""
    stored = StoredEvent.objects.filter(type=event_type).order_by("id")
    return [json.loads(text) for text in stored.values_list("payload", flat=True)]


def earned(rule: str) -> int:
    """Return the sum of what a rule has paid."""
    return sum(Entry.objects.filter(rule=rule).values_list("amount", flat=True))


def begin_again() -> None:
    """Set the cursors back to the beginning of the log, as a replay does."""
    Cursor.objects.filter(subscriber=AWARDS).update(position=0)


def test_a_message_earns_five_points_and_says_so() -> None:
    somebody = person()
    (cause,) = award(message(somebody))
    entry = Entry.objects.get(account_id=somebody)
    assert (entry.amount, entry.balance_after, entry.kind, entry.event_id) == (5, 5, "award", cause.event_id)
    assert selectors.balance(somebody) == 5
    stored = StoredEvent.objects.get(type="game.points_awarded")
    assert (stored.causation_id, stored.correlation_id) == (cause.event_id, cause.correlation_id)
    assert (stored.user_id, stored.occurred_at) == (somebody, NOON)
    assert told("game.points_awarded") == [
        {"entry": entry.pk, "amount": 5, "balance": 5, "rule": "message_sent", "rule_version": 1}
    ]


def test_a_second_daily_of_the_same_local_day_is_suppressed() -> None:
    somebody = person()
    award(daily(somebody))
    award(daily(somebody), at=NOON + timedelta(hours=1))
    award(daily(somebody), at=NOON + timedelta(hours=1, minutes=1))
    assert selectors.balance(somebody) == 50
    assert told("game.points_suppressed") == [{"rule": "daily_login", "base": 50, "reason": "limit"}] * 2
    # one entry of nothing for each rule and hour
    assert list(Entry.objects.filter(kind="suppressed").values_list("note", "base", "amount")) == [("limit", 50, 0)]


def test_the_local_day_begins_at_the_persons_midnight() -> None:
    somebody = person()
    award(daily(somebody), at=NOON, offset=600)
    award(daily(somebody), at=NOON + timedelta(hours=2, minutes=1), offset=600)
    assert selectors.balance(somebody) == 100


def test_the_hundred_and_first_message_of_an_hour_earns_nothing() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(103)])
    assert earned("message_sent") == 500
    assert len(told("game.points_suppressed")) == 3
    assert Entry.objects.filter(kind="suppressed").count() == 1
    award(message(somebody), at=NOON + timedelta(hours=1))
    assert earned("message_sent") == 505


def test_the_daily_cap_takes_the_rest_of_the_day_away() -> None:
    somebody = person()
    for hour in (0, 1):
        award(*[message(somebody) for _ in range(100)], at=NOON + timedelta(hours=hour, minutes=1))
    # 1,000 base points asked for, 800 given
    assert earned("message_sent") == 800 == Entry.objects.filter(rule="message_sent", kind="award").count() * 5
    assert {(s["reason"], s["rule"]) for s in told("game.points_suppressed")} == {("cap", "message_sent")}
    award(message(somebody), at=NOON + timedelta(hours=13))
    assert earned("message_sent") == 805


def test_what_the_cap_leaves_of_an_award_is_noted() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(100)])
    award(*[message(somebody) for _ in range(55)], at=NOON + timedelta(hours=1))
    award(daily(somebody), at=NOON + timedelta(hours=1, minutes=1))
    entry = Entry.objects.filter(rule="daily_login").get()
    assert (entry.base, entry.amount, entry.note) == (50, 25, "cap=25")


def test_level_up_is_told_once_per_crossing() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(25)])
    assert told("game.level_up") == [{"old": 1, "new": 2}]
    assert selectors.standing(somebody).level == 2


def test_vip_counts_from_the_moment_of_the_act() -> None:
    somebody = person()
    until = NOON + timedelta(hours=1)
    award(event("vip.granted", somebody, grant=1, source="gift", until=until.isoformat()))
    over = until + timedelta(hours=48)
    award(daily(somebody), at=over - timedelta(microseconds=1))
    award(message(somebody), at=over)
    by_rule = dict(Entry.objects.values_list("rule", "amount"))
    assert by_rule == {"daily_login": 75, "message_sent": 5}
    assert Entry.objects.get(rule="daily_login").multipliers == "vip=5000"


def test_seven_days_in_a_row_pay_a_bonus_once() -> None:
    somebody = person()
    for n in range(8):
        moment = NOON + timedelta(days=n)
        award(event("user.active_day", somebody, local_date=moment.date().isoformat()), at=moment)
    assert [s["days"] for s in told("game.streak_extended")] == [2, 3, 4, 5, 6, 7, 8]
    bonus = Entry.objects.get(rule="streak_bonus")
    assert (bonus.base, bonus.multipliers, bonus.amount) == (50, "", 50)
    assert selectors.standing(somebody).streak_days == 8


def test_a_replay_of_everything_changes_nothing() -> None:
    somebody, other = people(2)
    award(daily(somebody), *[message(somebody) for _ in range(103)], message(other))
    award(event("user.active_day", somebody, local_date="2026-03-11"))
    before = (Entry.objects.count(), StoredEvent.objects.count(), selectors.standing(somebody))
    begin_again()
    drain(AWARDS)
    assert (Entry.objects.count(), StoredEvent.objects.count(), selectors.standing(somebody)) == before


def test_a_redriven_event_below_the_position_still_counts_once() -> None:
    somebody = person()
    early, late = happen(message(somebody), message(somebody))
    positions = dict(StoredEvent.objects.values_list("event_id", "id"))
    failure = Failure.objects.create(
        subscriber=AWARDS, lane=0, position=positions[early.event_id], key=str(somebody), type=early.type, status="dead"
    )
    envelopes = {e.position: e for e in read_log()}
    awards.award([envelopes[positions[late.event_id]]])
    awards.award([envelopes[failure.position]])
    assert selectors.balance(somebody) == 5, "a dead letter is not handled by a replay"
    failure.status = "retrying"
    failure.save()
    awards.award([envelopes[failure.position]])
    awards.award([envelopes[failure.position]])
    assert selectors.balance(somebody) == 10


def read_log() -> list[Any]:
    """Return everything in the log."""
    from diana.events import log

    return log.read_events(list(StoredEvent.objects.values_list("id", flat=True)))


def test_an_event_about_nobody_known_is_charged_alone() -> None:
    somebody = person()
    award(message(somebody), message(999_999_999))
    assert selectors.balance(somebody) == 5
    assert Failure.objects.filter(key="999999999", status="retrying").count() == 1


def test_an_event_in_another_lane_is_refused_loudly() -> None:
    somebody = person()
    with transaction.atomic():
        publish(message(somebody), key="other")
    drain(AWARDS)
    failure = Failure.objects.get()
    assert failure.status == "dead"
    assert "without a key of its own" in failure.error


def test_the_number_of_statements_does_not_grow_with_the_batch() -> None:
    crowd = people(40)
    award(*[message(somebody) for somebody in crowd])
    loading.rulebook()
    envelopes = happen(*[message(somebody) for somebody in crowd for _ in range(3)], at=NOON + timedelta(minutes=1))
    positions = dict(StoredEvent.objects.values_list("event_id", "id"))
    handled = [e for e in read_log() if e.event_id in {x.event_id for x in envelopes}]
    assert len(handled) == 120
    assert all(positions[e.event_id] == e.position for e in handled)
    with CaptureQueriesContext(connection) as queries:
        awards.award(handled)
    assert len(queries) == 6, [q["sql"] for q in queries]


def test_day_scores_are_what_was_earned() -> None:
    somebody = person()
    award(daily(somebody), message(somebody))
    award(message(somebody), at=NOON + timedelta(days=1))
    assert list(BoardRow.objects.filter(board=4).order_by("period").values_list("score", flat=True)) == [55, 5]


def test_the_ledger_holds_after_all_that() -> None:
    crowd = people(5)
    award(*[message(somebody) for somebody in crowd for _ in range(30)], *[daily(somebody) for somebody in crowd])
    report = verify()
    assert report.ok, report.faults
    assert (report.accounts, report.entries) == (5, 155)
