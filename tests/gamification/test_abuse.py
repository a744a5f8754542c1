"""Flags and held awards: nothing shows, nothing is lost, and staff decide once."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.gamification import selectors, services
from apps.gamification.loading import lock_standings
from apps.gamification.models import Entry, Flag, Hold, MultiplierVersion
from apps.gamification.verify import verify
from diana import audit, clock
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, STAFF, award, daily, event, happen, message, person
from tests.gamification.former_terms import pay_for_purchases
from tests.gamification.test_commands import run

pytestmark = pytest.mark.django_db


def watch(**detectors: dict[str, Any]) -> None:
    """Switch detectors on, as staff do."""
    services.add_multiplier_version(
        active_from=NOON - timedelta(days=1),
        config={"detectors": detectors},
        reason="Spring",
        actor=STAFF,
        now=NOON - timedelta(days=1),
    )


def spam(somebody: int, number: int = 13) -> list[Any]:
    """Send so many messages at once."""
    return award(*[message(somebody) for _ in range(number)])


def dismiss(flag: Flag, key: str = "k") -> Flag:
    """Let it go."""
    return services.dismiss_flag(flag_id=flag.pk, reason="A party", actor=STAFF, key=key, now=NOON)


def confirm(flag: Flag, key: str = "k", reverse: Sequence[int] = (), penalty: int = 0) -> Flag:
    """Say that it was abuse."""
    return services.confirm_flag(
        flag_id=flag.pk, reason="A script", actor=STAFF, key=key, now=NOON, reverse=reverse, penalty=penalty
    )


def types() -> list[str]:
    """List what was told of points and flags."""
    return list(
        StoredEvent.objects.filter(type__contains=".").exclude(type="game.message_sent").values_list("type", flat=True)
    )


def test_a_flag_holds_acts_and_is_told_once() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    acts = spam(somebody)
    flag = Flag.objects.get()
    assert (flag.pk, flag.account_id, flag.detector, flag.acts, flag.status) == (
        StoredEvent.objects.get(event_id=acts[10].event_id).pk,
        somebody,
        "rapid_fire",
        3,
        "open",
    )
    assert (flag.score, flag.since, flag.last_at) == (11, acts[0].occurred_at, acts[12].occurred_at)
    held = list(Hold.objects.order_by("position"))
    assert [hold.event_id for hold in held] == [act.event_id for act in acts[10:]]
    assert {(h.rule, h.rule_version, h.base, h.status) for h in held} == {("message_sent", 1, 5, "held")}
    assert (selectors.balance(somebody), Entry.objects.count()) == (50, 10)
    assert types().count("game.abuse_flagged") == 1
    assert "game.points_suppressed" not in types()
    spam(somebody, 2)
    assert (Flag.objects.get().acts, Hold.objects.count(), types().count("game.abuse_flagged")) == (5, 5, 1)


def test_dismissing_pays_what_was_held_once_as_of_the_act() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    acts = spam(somebody)
    services.set_rule_active(rule="message_sent", active=False, reason="r", actor=STAFF, now=NOON)
    flag = Flag.objects.get()
    assert dismiss(flag).status == "dismissed"
    assert dismiss(flag).pk == flag.pk
    assert selectors.balance(somebody) == 65
    paid = list(Entry.objects.order_by("sequence")[10:])
    assert [(e.event_id, e.rule_version, e.occurred_at) for e in paid] == [
        (a.event_id, 1, a.occurred_at) for a in acts[10:]
    ]
    assert list(Hold.objects.order_by("position").values_list("status", "entry")) == [("released", e.pk) for e in paid]
    assert types().count("admin.abuse_resolved") == 1
    record = AuditRecord.objects.get(act="dismiss_flag")
    assert (record.before["balance"], record.after["balance"], record.after["released"]) == (50, 65, 3)
    assert verify().ok


def test_what_is_released_counts_against_limits_and_the_cap_of_its_day() -> None:
    switch_achievements_off()
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    spam(somebody, 120)
    assert Hold.objects.count() == 110
    dismiss(Flag.objects.get())
    assert selectors.balance(somebody) == 500
    assert Entry.objects.filter(kind="suppressed", note="limit").count() == 1
    award(message(somebody), at=NOON + timedelta(minutes=5))
    assert selectors.balance(somebody) == 500
    award(*[message(somebody) for _ in range(10)], at=NOON + timedelta(hours=1))
    assert selectors.balance(somebody) == 550
    assert verify().ok


def test_confirming_forfeits_reverses_and_takes() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    award(daily(somebody), at=NOON - timedelta(hours=3))
    spam(somebody)
    flag = Flag.objects.get()
    paid = list(services.paid_in_span(flag))
    assert len(paid) == 10, "the acts that counted, not all of the day"
    for _ in range(2):
        confirm(flag, reverse=[paid[0].pk, paid[1].pk], penalty=30)
    assert selectors.balance(somebody) == 100 - 10 - 30
    assert set(Hold.objects.values_list("status", "entry")) == {("forfeited", None)}
    assert set(AuditRecord.objects.exclude(act="add_multiplier_version").values_list("act", flat=True)) == {
        "confirm_flag",
        "reverse_entry",
        "take_points",
    }
    assert AuditRecord.objects.get(act="confirm_flag").after["reversed"] == [paid[0].pk, paid[1].pk]
    assert verify().ok


def test_only_awards_of_the_span_are_reversed_with_a_flag() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    award(daily(somebody), at=NOON - timedelta(hours=3))
    spam(somebody)
    for wrong in (Entry.objects.get(rule="daily_login").pk, 2**40):
        with pytest.raises(services.NotOfTheFlag):
            confirm(Flag.objects.get(), reverse=[wrong])
    assert Flag.objects.get().status == "open"


def test_who_comes_second_is_told() -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    flag = dismiss(Flag.objects.get())
    with pytest.raises(services.AlreadyResolved, match="vera"):
        confirm(flag)
    with pytest.raises(services.AlreadyResolved):
        dismiss(flag, "another")
    with pytest.raises(services.UnknownFlag):
        services.dismiss_flag(flag_id=-1, reason="r", actor=STAFF, key="k", now=NOON)


@pytest.mark.parametrize("penalty", [-1, 2**63, 10**9 + 1])
def test_penalties_have_bounds(penalty: int) -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    with pytest.raises(services.PointsError):
        confirm(Flag.objects.get(), penalty=penalty)


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_a_decision_needs_a_reason(reason: str) -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    with pytest.raises(audit.ReasonMissing):
        services.dismiss_flag(flag_id=Flag.objects.get().pk, reason=reason, actor=STAFF, key="k", now=NOON)
    assert set(Hold.objects.values_list("status", flat=True)) == {"held"}


def test_an_act_that_was_on_its_way_when_staff_decided_opens_the_flag_again() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    spam(somebody)
    flag = Flag.objects.get()
    happen(message(somebody))
    dismiss(flag)
    award(daily(somebody), at=NOON + timedelta(hours=1))
    flag.refresh_from_db()
    assert (flag.status, flag.resolved_by, Hold.objects.filter(status="held").count()) == ("open", None, 1)
    dismiss(flag, "again")
    award(*[message(somebody) for _ in range(11)], at=NOON + timedelta(hours=2))
    assert Flag.objects.count() == 2
    assert (selectors.balance(somebody), verify().ok) == (70 + 50 + 50, True)


def test_a_purchase_is_paid_while_everything_else_is_held() -> None:
    watch(rapid_fire={"action": "flag", "more_than": 1, "seconds": 3600})
    somebody = person()
    spam(somebody, 5)
    pay_for_purchases()
    award(event("payment.succeeded", somebody, charge=1, product="vip", stars=100, recurring=False, first=True))
    assert list(Entry.objects.order_by("sequence").values_list("rule", "amount")) == [
        ("message_sent", 5),
        ("vip_purchase", 1000),
        ("achievement_unlocked", 20),  # for the thousandth point
        ("achievement_unlocked", 20),  # for the level that they make
    ]
    assert not services.paid_in_span(Flag.objects.get()).filter(rule="vip_purchase").exists()


def test_a_batch_with_flags_takes_as_many_statements_for_many_people_as_for_one() -> None:
    watch(rapid_fire={"action": "flag"})
    counts = []
    for number in (1, 6):
        crowd = [person() for _ in range(number)]
        with transaction.atomic():
            lock_standings(crowd)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            from apps.gamification.awards import award as handle

            acts = happen(*[message(p) for p in crowd for _ in range(13)])
            from diana.events.log import read_events

            positions = StoredEvent.objects.filter(event_id__in=[a.event_id for a in acts]).values_list("pk", flat=True)
            handle(read_events(list(positions)))
        counts.append(len(queries))
    assert counts[0] == counts[1]


WALLS = [
    "DELETE FROM gamification_flag",
    "TRUNCATE gamification_flag CASCADE",
    "UPDATE gamification_flag SET detector = 'x'",
    "UPDATE gamification_flag SET account_id = 1",
    "UPDATE gamification_flag SET status = 'dismissed'",
    "DELETE FROM gamification_hold",
    "UPDATE gamification_hold SET base = 100000",
    "UPDATE gamification_hold SET status = 'forfeited', entry = 1",
    "UPDATE gamification_hold SET rule = 'daily_login'",
]


@pytest.mark.parametrize("statement", WALLS)
def test_the_application_may_not(statement: str) -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(("table", "status"), [("flag", "confirmed"), ("hold", "held"), ("hold", "forfeited")])
def test_what_was_decided_stays_decided_also_in_sql(table: str, status: str) -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    dismiss(Flag.objects.get())
    with pytest.raises(DatabaseError, match="decided"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE gamification_{table} SET status = %s", [status])


def test_detectors_are_shown_and_set_by_a_command() -> None:
    assert "All are off" in run("detectors")
    with pytest.raises(CommandError, match="--reason"):
        run("detectors", "--recommended")
    for wrong in ("rapid_fire=nuke", "nothing=flag", "rapid_fire"):
        with pytest.raises(CommandError):
            run("detectors", "--set", wrong, "--reason", "r")
    assert "rapid_fire: flag" in run("detectors", "--recommended", "--reason", "r", "--dry-run")
    assert MultiplierVersion.objects.count() == 1
    found = json.loads(run("detectors", "--recommended", "--set", "long_session=off", "--reason", "Spring", "--json"))[
        "detectors"
    ]
    assert {name: config["action"] for name, config in found.items()} == {
        "fast_answers": "flag",
        "long_session": "off",
        "rapid_fire": "flag",
        "referral_burst": "flag",
        "same_content": "suppress",
    }
    run("detectors", "--set", "rapid_fire=flag", "--reason", "again")
    assert MultiplierVersion.objects.count() == 2
    assert AuditRecord.objects.get().reason == "Spring"
    spam(person(), 12)
    later = clock.now() + timedelta(days=1)
    services.add_multiplier_version(active_from=later, config={}, reason="r", actor=STAFF, now=later)
    with pytest.raises(CommandError, match="begins at"):
        run("detectors", "--set", "rapid_fire=off", "--reason", "r")


@pytest.mark.parametrize(
    "config",
    [
        {"rapid_fire": {"action": "nuke"}},
        {"rapid_fire": {"more_than": 0}},
        {"rapid_fire": {"more_than": 2**63}},
        {"rapid_fire": {"seconds": 10**9}},
        {"payments": {"action": "flag"}},
        {"long_session": {"hours": -1}},
    ],
)
def test_f45_settings_that_could_not_work_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidRule):
        watch(**config)
