"""The first login of an installation; all others are made in the admin."""

from django.db import transaction

from apps.users.models import Staff
from diana import audit


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
