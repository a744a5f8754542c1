"""Acts above the limit: asked for by one, decided by another, done once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError
from django.db import DatabaseError, connection, transaction

from apps.gamification import selectors, services, tasks
from apps.gamification.models import Entry, StaffRequest
from apps.users.models import Staff
from apps.users.services import suspend
from diana import audit
from diana.acts import StateChanged
from diana.audit import Actor
from diana.audit.models import AuditRecord
from tests.gamification.acts import NOON, STAFF, person
from tests.gamification.test_commands import run
from tests.gamification.test_services import give

pytestmark = pytest.mark.django_db

ASKER = Actor(999_999, "vera", "admin")


def ask(somebody: int, amount: int = 20_000, key: str = "k", actor: Actor = ASKER, **how: Any) -> object:
    """Ask for points, as the admin does."""
    parameters = {"person_id": somebody, "amount": amount}
    return services.act_or_ask(
        act="award_points", parameters=parameters, reason="The final", actor=actor, key=key, now=NOON, **how
    )


@pytest.fixture
def other() -> Actor:
    """Another member of staff, who may approve."""
    staff = Staff.objects.create_superuser("olga")
    return Actor(staff.pk, "olga", "admin")


def approve(asked: StaffRequest, actor: Actor, reason: str = "Yes") -> StaffRequest:
    """Agree."""
    return services.approve(request_id=asked.pk, reason=reason, actor=actor, now=NOON)


def test_below_the_limit_it_is_done_above_it_is_asked_for(settings: Any) -> None:
    settings.STAFF_APPROVAL_ABOVE = 100
    somebody = person()
    assert isinstance(ask(somebody, 100), Entry)
    asked = ask(somebody, 101, "k2")
    assert isinstance(asked, StaffRequest)
    assert (asked.status, asked.points, asked.asked_by, asked.expires_at) == (
        "pending",
        101,
        "vera",
        NOON + timedelta(days=7),
    )
    assert isinstance(ask(somebody, -101, "k3"), StaffRequest)
    assert selectors.balance(somebody) == 100


def test_asking_twice_is_one_request_and_another_act_needs_another_key() -> None:
    somebody = person()
    assert ask(somebody) == ask(somebody)
    with pytest.raises(services.KeyTaken):
        ask(somebody, 30_000)
    assert AuditRecord.objects.filter(act="ask_for_act").count() == 1


def test_another_member_of_staff_approves_and_it_is_done_once_in_the_askers_name(other: Actor) -> None:
    somebody = person()
    asked = ask(somebody)
    assert isinstance(asked, StaffRequest)
    approve(asked, other)
    with pytest.raises(services.AlreadyDecided, match="olga"):
        approve(asked, other)
    entry = Entry.objects.get()
    assert (entry.amount, entry.actor, entry.reason.text) == (20_000, "admin:vera", "The final")
    assert list(AuditRecord.objects.order_by("id").values_list("act", "actor")) == [
        ("ask_for_act", "vera"),
        ("approve_act", "olga"),
        ("award_points", "vera"),
    ]


def test_a_refused_request_is_never_done(other: Actor) -> None:
    asked = ask(person())
    assert isinstance(asked, StaffRequest)
    services.refuse(request_id=asked.pk, reason="No", actor=other, now=NOON)
    with pytest.raises(services.AlreadyDecided):
        approve(asked, other)
    assert not Entry.objects.exists()
    assert AuditRecord.objects.get(act="refuse_act").reason == "No"


def test_nobody_decides_about_what_they_asked_for(other: Actor) -> None:
    asked = ask(person(), actor=other)
    assert isinstance(asked, StaffRequest)
    for same in (other, Actor(other.id, "another-name", "admin"), Actor(other.id + 1, "olga", "admin")):  # type: ignore[operator]
        with pytest.raises(services.SamePerson):
            approve(asked, same)
        with pytest.raises(services.SamePerson):
            services.refuse(request_id=asked.pk, reason="No", actor=same, now=NOON)
    with pytest.raises(services.SamePerson):
        approve(asked, Actor(None, "root", "command"))
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "decision",
    [
        "decided_by_id = asked_by_id, decided_by = 'somebody'",
        "decided_by_id = asked_by_id + 1, decided_by = asked_by",
        "decided_by_id = NULL, decided_by = 'somebody'",
    ],
)
def test_the_database_refuses_the_same_person_too(other: Actor, decision: str) -> None:
    ask(person(), actor=other)
    decided = "SET status = 'approved', decided_at = now(), decision = 'yes'"
    with (
        pytest.raises(DatabaseError, match="gamification_request"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE gamification_staffrequest {decided}, {decision}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gamification_staffrequest SET points = 1",
        "UPDATE gamification_staffrequest SET parameters = '{}'",
        "UPDATE gamification_staffrequest SET asked_by_id = NULL",
        "DELETE FROM gamification_staffrequest",
        "TRUNCATE gamification_staffrequest",
        "INSERT INTO gamification_staffrequest (act, parameters, points, reason, key, asked_by, asked_origin, asked_at,"
        " expires_at, status, decided_by_id, decided_by, decided_at, decision) VALUES ('a', '{}', 1, 'r', 'x', 'a',"
        " 'admin', now(), now(), 'approved', 5, 'b', now(), 'd')",
    ],
)
def test_the_application_may_not(statement: str) -> None:
    ask(person())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_who_approves_needs_the_permission_to_approve_and_to_do(other: Actor) -> None:
    asked = ask(person())
    assert isinstance(asked, StaffRequest)
    plain = Staff.objects.create_user("ana", is_staff=True)
    with pytest.raises(services.NotAllowed):
        approve(asked, Actor(plain.pk, "ana", "admin"))
    for permissions in (["approve_act"], ["award_points"]):
        plain.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        with pytest.raises(services.NotAllowed):
            approve(asked, Actor(plain.pk, "ana", "admin"))
    Staff.objects.filter(username="olga").update(is_active=False)
    with pytest.raises(services.NotAllowed):
        approve(asked, other)
    assert (StaffRequest.objects.get().status, Entry.objects.count()) == ("pending", 0)


def test_after_a_week_it_is_over_exactly_once(other: Actor) -> None:
    asked = ask(person())
    assert isinstance(asked, StaffRequest)
    later = NOON + timedelta(days=7)
    with pytest.raises(services.AlreadyDecided):
        services.approve(request_id=asked.pk, reason="Yes", actor=other, now=later)
    assert services.expire_requests(now=later - timedelta(seconds=1)) == 0
    assert [services.expire_requests(now=later) for _ in range(2)] == [1, 0]
    assert (StaffRequest.objects.get().status, AuditRecord.objects.filter(act="expire_request").count()) == (
        "expired",
        1,
    )
    assert tasks.expire_requests() == 0
    assert tasks.expire_requests() is None


def test_an_act_that_is_impossible_by_now_leaves_the_request_waiting(other: Actor) -> None:
    entry = give(person(), 20_000)
    asked = services.act_or_ask(
        act="reverse_entry", parameters={"entry_id": entry.pk}, reason="r", actor=STAFF, key="k", now=NOON
    )
    assert isinstance(asked, StaffRequest)
    services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key="x", now=NOON)
    with pytest.raises(services.AlreadyReversed):
        approve(asked, other)
    assert StaffRequest.objects.get().status == "pending"
    services.refuse(request_id=asked.pk, reason="Done", actor=other, now=NOON)


def test_an_emergency_needs_no_second_person_and_says_so() -> None:
    somebody = person()
    assert isinstance(ask(somebody, emergency=True), Entry)
    assert set(AuditRecord.objects.values_list("act", flat=True)) == {"award_points", "emergency"}
    assert isinstance(ask(person(), 5, "small", emergency=True), Entry)
    assert AuditRecord.objects.filter(act="emergency").count() == 1


def test_what_was_shown_must_still_be_what_happens() -> None:
    somebody = person()
    give(somebody, 90, "a")
    how = {"act": "award_points", "reason": "r", "actor": STAFF, "now": NOON}
    take = {"person_id": somebody, "amount": -60}
    shown = services.preview_act(parameters=take, **how)
    assert [(c.before, c.after) for c in shown.changes] == [(90, 30), (90, 90), (1, 1)]
    assert Entry.objects.count() == 1
    give(somebody, 5, "b")
    assert isinstance(services.act_or_ask(parameters=take, key="k", shown=shown.effect, **how), Entry)
    for _ in range(2):
        assert isinstance(services.act_or_ask(parameters=take, key="k", shown=shown.effect, **how), Entry)
    assert selectors.balance(somebody) == 35
    with pytest.raises(StateChanged):
        services.act_or_ask(parameters=take, key="k2", shown=shown.effect, **how)
    assert selectors.balance(somebody) == 35


@pytest.mark.parametrize("amount", [0, 2**63, -(2**63) - 1, 10**9 + 1])
def test_f45_nonsense_is_refused_before_it_waits_for_anybody(amount: int) -> None:
    with pytest.raises(services.PointsError):
        ask(person(), amount)
    assert not StaffRequest.objects.exists()


@pytest.mark.parametrize("reason", ["", " \n", "x" * 1001])
def test_a_request_needs_a_reason(reason: str) -> None:
    how = {"actor": STAFF, "key": "k", "now": NOON}
    with pytest.raises(audit.ReasonMissing):
        services.act_or_ask(
            act="award_points", parameters={"person_id": person(), "amount": 20_000}, reason=reason, **how
        )


def test_the_command_asks_above_the_limit_and_does_in_an_emergency() -> None:
    somebody = person()
    options = ["--person", somebody, "--amount", 10_001, "--reason", "r", "--key", "k"]
    assert json.loads(run("award_points", *options, "--json", "--dry-run"))["request"] is None
    assert "waits until" in run("award_points", *options)
    asked = StaffRequest.objects.get()
    assert json.loads(run("award_points", *options, "--json")) == {
        "request": asked.pk,
        "points": 10_001,
        "dry_run": False,
    }
    assert "10001" in run("award_points", *options, "--emergency")
    assert selectors.balance(somebody) == 10_001
    with pytest.raises(CommandError, match="no entry"):
        run("reverse_entry", 12345, "--reason", "r", "--key", "k2")


def test_two_acts_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="award_points"):
        services.register_act(services.ACTS["award_points"])


def test_the_suspended_hold_up_nobody_who_gives_them_points() -> None:
    somebody = person()
    suspend(person_id=somebody, until=None, reason="r", actor=STAFF, key="s", now=NOON)
    assert isinstance(ask(somebody, 5), Entry)
