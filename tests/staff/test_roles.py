"""Roles are what the code says, after every migration and whenever somebody asks."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command

from apps.staff import roles, services
from apps.staff.services import UnknownPermission, sync_roles
from diana.audit.models import AuditRecord

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("sync_roles", *arguments, stdout=out)
    return out.getvalue()


def test_they_stand_after_the_migrations() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)
    assert all(not (change.made or change.added or change.removed) for change in sync_roles())
    assert not AuditRecord.objects.exists()


def test_each_may_what_the_ones_before_may() -> None:
    assert roles.permissions_of("viewer") < roles.permissions_of("moderator") < roles.permissions_of("admin")
    with pytest.raises(KeyError):
        roles.permissions_of("owner")


def test_what_was_changed_by_hand_is_mended_and_recorded() -> None:
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.add(Permission.objects.get(codename="award_points"))
    viewer.permissions.remove(Permission.objects.get(codename="view_entry"))
    own = Group.objects.create(name="own")
    own.permissions.add(Permission.objects.get(codename="award_points"))
    assert "+gamification.view_entry -gamification.award_points" in run("--dry-run")
    assert json.loads(run("--json"))[0] == {
        "role": "viewer",
        "made": False,
        "added": ["gamification.view_entry"],
        "removed": ["gamification.award_points"],
    }
    assert "viewer: as it should be" in run()
    assert AuditRecord.objects.get().act == "sync_roles"
    assert own.permissions.count() == 1


def test_a_permission_that_is_none_is_an_error_but_not_in_the_middle_of_migrations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(roles.ROLES, "viewer", (*roles.ROLES["viewer"], "users.fly"))
    with pytest.raises(UnknownPermission, match=r"users\.fly"):
        sync_roles()
    with pytest.raises(CommandError, match=r"users\.fly"):
        run()
    assert [change.removed for change in services.sync_roles(strict=False)] == [[]] * 4
