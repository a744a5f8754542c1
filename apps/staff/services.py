"""Bringing the groups of the database in line with the table of roles."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.staff.roles import ROLES, permissions_of
from apps.users.models import Staff
from diana import audit


class UnknownPermission(LookupError):
    """A role names a permission that does not exist: correct apps/staff/roles.py, or run the migrations."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """How a role was changed; both lists are empty if it was as it should be."""

    role: str
    made: bool
    added: list[str]
    removed: list[str]


def sync_roles(*, strict: bool = True) -> list[RoleChange]:
    """Make the groups of the roles and give each exactly what the table says; groups of other names are left alone.

    A change is recorded, but for the groups of an installation that nobody can log in to yet. A second call changes nothing.
    Raises UnknownPermission if `strict`.
    """
    known = {
        f"{label}.{codename}": pk
        for pk, label, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    missing = sorted(permissions_of("admin") - set(known))
    if missing and strict:
        raise UnknownPermission(f"{', '.join(missing)}: {UnknownPermission.__doc__}")
    with transaction.atomic():
        return [_sync(role, known) for role in ROLES]


def _sync(role: str, known: dict[str, int]) -> RoleChange:
    group, made = Group.objects.get_or_create(name=role)
    wanted = permissions_of(role) & set(known)
    names = {pk: name for name, pk in known.items()}
    held = {names[pk] for pk in group.permissions.values_list("pk", flat=True)}
    added, removed = sorted(wanted - held), sorted(held - wanted)
    group.permissions.add(*[known[name] for name in added])
    group.permissions.remove(*[known[name] for name in removed])
    if (added or removed) and (not made or Staff.objects.exists()):
        audit.record(
            actor=audit.Actor.command(),
            act="sync_roles",
            target=("auth.Group", group.pk),
            before=None if made else {"role": role, "permissions": sorted(held)},
            after={"role": role, "permissions": sorted(wanted)},
            reason="The role was not as the table of roles says.",
        )
    return RoleChange(role, made, added, removed)
