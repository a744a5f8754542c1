"""Logins of staff: how long a session lasts, and which record each login, failure, logout and change of rights leaves."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord

PASSWORD = "correct horse battery"
ADDRESS = "203.0.113.9"
HOME = "/admin/"
PAST_SERVICES = "without a reason: made past the services"

pytestmark = pytest.mark.django_db


@pytest.fixture
def eva() -> Staff:
    """A superuser with a password."""
    return Staff.objects.create_superuser("eva", password=PASSWORD)


def log_in(client: Client, name: str = "eva", password: str = PASSWORD, address: str = ADDRESS) -> int:
    """Send the form of the login page; return the answer's status: 302 lets in."""
    sent = {"username": name, "password": password}
    return client.post(reverse("admin:login"), sent, REMOTE_ADDR=address).status_code


def settle() -> None:
    """Let what waits for the commit happen, as at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SELECT set_config('diana.audited', '', true)")


@pytest.mark.parametrize(
    ("pauses", "lives"),
    [([29] * 20, True), ([31], False), ([20] * 35, True), ([20] * 37, False)],
    ids=["used within half an hour", "half an hour idle", "below twelve hours", "above twelve hours"],
)
def test_a_session_ends_after_half_an_hour_idle_and_after_twelve_hours(
    client: Client, eva: Staff, pauses: list[int], lives: bool
) -> None:
    with time_machine.travel(clock.real_now(), tick=False) as traveller:
        assert log_in(client) == 302
        for minutes in pauses:
            traveller.shift(timedelta(minutes=minutes))
            status = client.get(reverse("admin:password_change")).status_code
        assert (status == 200) is lives


def test_a_session_without_a_beginning_is_one_of_an_earlier_release_and_ends(client: Client, eva: Staff) -> None:
    log_in(client)
    session = client.session
    for mark in ("signed_in_at", "seen_at"):
        del session[mark]
    session.save()
    assert client.get(HOME).status_code == 302


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}, {"password": "new"}], ids=str)
def test_a_session_ends_with_the_login_and_with_its_password(
    client: Client, eva: Staff, change: dict[str, str]
) -> None:
    log_in(client)
    assert client.get(HOME).status_code == 200
    Staff.objects.update(**change)
    assert client.get(HOME).status_code == 302


def test_logins_failures_and_logouts_are_recorded_with_the_address(client: Client, eva: Staff) -> None:
    assert log_in(client, password="a wrong password") == 200
    assert log_in(client, name="my password by mistake", password="Zz-secret") == 200
    assert log_in(client) == 302
    client.post(reverse("admin:logout"), REMOTE_ADDR=ADDRESS)
    kept = AuditRecord.objects.order_by("id").values_list("act", "actor_id", "object_id", "address")
    assert list(kept) == [
        ("log_in_failed", None, str(eva.pk), ADDRESS),
        ("log_in_failed", None, "unknown", ADDRESS),
        ("log_in", eva.pk, str(eva.pk), ADDRESS),
        ("log_out", eva.pk, str(eva.pk), ADDRESS),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_record a WHERE to_jsonb(a)::text ~ 'mistake|wrong|Zz-secret'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("proxies", "sent", "address"),
    [
        (0, "198.51.100.7", ADDRESS),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "192.0.2.1, 198.51.100.7", "198.51.100.7"),
        (2, "192.0.2.1, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "198.51.100.7", ADDRESS),
        (1, "no address", None),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_what_a_proxy_says_of_the_address_counts_only_from_as_many_as_there_are(
    client: Client, eva: Staff, settings: object, proxies: int, sent: str, address: str | None
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    client.post(
        reverse("admin:login"),
        {"username": "eva", "password": PASSWORD},
        REMOTE_ADDR=ADDRESS,
        HTTP_X_FORWARDED_FOR=sent,
    )
    assert AuditRecord.objects.get().address == address


def test_changes_of_rights_in_the_admin_are_recorded_once_with_before_and_after(client: Client, eva: Staff) -> None:
    log_in(client)
    viewer = Group.objects.get(name="viewer")
    ida = Staff.objects.create_user("ida", password=PASSWORD)
    settle()
    last = AuditRecord.objects.order_by("-id").first().pk
    sent = {"username": "ida", "is_active": "on", "is_staff": "on", "groups": [viewer.pk]}
    page = client.get(reverse("admin:users_staff_change", args=[ida.pk]))
    for name in ("date_joined_0", "date_joined_1"):
        sent[name] = (
            page.context["adminform"]
            .form["date_joined"]
            .value()
            .strftime("%Y-%m-%d" if name[-1] == "0" else "%H:%M:%S")
        )
    assert client.post(reverse("admin:users_staff_change", args=[ida.pk]), sent, REMOTE_ADDR=ADDRESS).status_code == 302
    settle()
    kept = AuditRecord.objects.get(pk__gt=last)
    assert (kept.act, kept.actor, kept.address, kept.object_id) == ("change_login", "eva", ADDRESS, str(ida.pk))
    assert (kept.before["staff"], kept.after["staff"], kept.after["groups"]) == (False, True, ["viewer"])


def test_passwords_changed_in_the_admin_are_recorded_without_them(client: Client, eva: Staff) -> None:
    log_in(client)
    ida = Staff.objects.create_user("ida", password=PASSWORD)
    settle()
    last = AuditRecord.objects.order_by("-id").first().pk
    new = "another horse battery"
    both = {"password1": new, "password2": new, "usable_password": "true"}
    assert client.post(reverse("admin:auth_user_password_change", args=[ida.pk]), both).status_code == 302
    settle()
    own = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("admin:password_change"), own).status_code == 302
    settle()
    kept = AuditRecord.objects.filter(pk__gt=last).order_by("id").values_list("act", "actor", "object_id")
    assert list(kept) == [("change_password", "eva", str(ida.pk)), ("change_password", "eva", str(eva.pk))]


def test_logins_that_are_added_and_groups_that_go_are_recorded_once(client: Client, eva: Staff) -> None:
    log_in(client)
    settle()
    last = AuditRecord.objects.order_by("-id").first().pk
    new = {"username": "ida", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert client.post(reverse("admin:users_staff_add"), new).status_code == 302
    settle()
    right = Permission.objects.get(codename="view_entry")
    assert (
        client.post(reverse("admin:auth_group_add"), {"name": "lookers", "permissions": [right.pk]}).status_code == 302
    )
    settle()
    ida, group = Staff.objects.get(username="ida"), Group.objects.get(name="lookers")
    ida.groups.add(group)
    settle()
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    settle()
    kept = AuditRecord.objects.filter(pk__gt=last).order_by("id").values_list("act", flat=True)
    acts = ["add_login", "add_group", "insert users_staff_groups", "delete_group", "change_login"]
    assert list(kept) == acts


CHANGES: dict[str, Callable[[Staff, Group, Permission], tuple[str, list[object]]]] = {
    "superuser": lambda s, g, p: ("UPDATE users_staff SET is_superuser = NOT is_superuser WHERE id = %s", [s.pk]),
    "active": lambda s, g, p: ("UPDATE users_staff SET is_active = NOT is_active WHERE id = %s", [s.pk]),
    "time for a device": lambda s, g, p: (
        "UPDATE users_staff SET second_factor_due_at = diana_now() WHERE id = %s",
        [s.pk],
    ),
    "a device": lambda s, g, p: (
        "INSERT INTO staff_device (login_id, sealed, key_id, confirmed_at, last_step)"
        " VALUES (%s, 'x', 'k', diana_now(), 0)",
        [s.pk],
    ),
    "a recovery code": lambda s, g, p: ("INSERT INTO staff_recoverycode (login_id, digest) VALUES (%s, 'x')", [s.pk]),
    "password": lambda s, g, p: ("UPDATE users_staff SET password = 'x' WHERE id = %s", [s.pk]),
    "gone": lambda s, g, p: ("DELETE FROM users_staff WHERE id = %s", [s.pk]),
    "in a group": lambda s, g, p: ("INSERT INTO users_staff_groups (staff_id, group_id) VALUES (%s, %s)", [s.pk, g.pk]),
    "a right": lambda s, g, p: (
        "INSERT INTO users_staff_user_permissions (staff_id, permission_id) VALUES (%s, %s)",
        [s.pk, p.pk],
    ),
    "a group": lambda s, g, p: ("INSERT INTO auth_group (name) VALUES (%s)", ["lookers"]),
    "a group's right": lambda s, g, p: (
        "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (%s, %s)",
        [g.pk, p.pk],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_changed_in_sql_is_recorded(eva: Staff, change: str) -> None:
    group, right = Group.objects.get(name="viewer"), Permission.objects.get(codename="erase_person")
    settle()
    last = AuditRecord.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    statement, values = CHANGES[change](eva, group, right)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    settle()
    kept = AuditRecord.objects.get(pk__gt=last)
    assert (kept.reason, kept.origin) == (PAST_SERVICES, "shell")
    assert "pbkdf2" not in f"{kept.before} {kept.after}"
    if change == "password":
        assert kept.after["password"] == "changed"


def test_a_login_by_itself_leaves_no_record_of_a_change(eva: Staff) -> None:
    settle()
    last = AuditRecord.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    Staff.objects.update(last_login=clock.real_now(), email="eva@example.org")
    settle()
    assert not AuditRecord.objects.filter(pk__gt=last).exists()
