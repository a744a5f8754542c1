"""The first login of an installation, and the record of what becomes of logins and their rights in the admin."""

from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from apps.users.models import Staff
from diana import audit

REASON = "In the admin, where no reason is asked for."
Rights = dict[str, Any]


class UsernameTaken(ValueError):
    """The login exists but is no superuser's: make one with `manage.py createsuperuser`."""


def ensure_superuser(*, username: str, password: str) -> tuple[str, bool]:
    """Return a superuser's name and whether it was made just now, with this password. Raises UsernameTaken."""
    with transaction.atomic():
        known = Staff.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if known is not None:
            return known.username, False
        if Staff.objects.filter(username=username).exists():
            raise UsernameTaken(f"{username} exists but is no active superuser: run manage.py createsuperuser.")
        made = Staff.objects.create_superuser(username, password=password)
        audit.record(
            actor=audit.Actor.command(),
            act="ensure_superuser",
            target=("users.Staff", made.pk),
            before=None,
            after={"username": username, "superuser": True},
            reason="The installation had no superuser.",
        )
    return username, True


def rights_of_login(staff_id: int) -> Rights | None:
    """Return what a login may, as records show it; None for one that is not there."""
    login = Staff.objects.filter(pk=staff_id).first()
    if login is None:
        return None
    return {
        "username": login.username,
        "active": login.is_active,
        "staff": login.is_staff,
        "superuser": login.is_superuser,
        "groups": sorted(login.groups.values_list("name", flat=True)),
        "permissions": _permissions(login.user_permissions),
    }


def rights_of_group(group_id: int) -> Rights | None:
    """Return what a group may, as records show it; None for one that is not there."""
    group = Group.objects.filter(pk=group_id).first()
    return None if group is None else {"role": group.name, "permissions": _permissions(group.permissions)}


def record_change_of_login(
    actor: audit.Actor, act: str, staff_id: int, before: Rights | None, after: Rights | None
) -> None:
    """Record a change of a login; nothing where before and after are the same. Raises OutsideTransaction."""
    _record(actor, act, ("users.Staff", staff_id), before, after)


def record_change_of_group(
    actor: audit.Actor, act: str, group_id: int, before: Rights | None, after: Rights | None
) -> None:
    """Record a change of a group; nothing where before and after are the same. Raises OutsideTransaction."""
    _record(actor, act, ("auth.Group", group_id), before, after)


def _record(actor: audit.Actor, act: str, target: tuple[str, int], before: Rights | None, after: Rights | None) -> None:
    if before != after:
        audit.record(actor=actor, act=act, target=target, before=before, after=after, reason=REASON)


def _permissions(held: Any) -> list[str]:
    return sorted(".".join(names) for names in held.values_list("content_type__app_label", "codename"))
