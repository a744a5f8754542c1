"""What the admin keeps of people: nothing that names them, and what Django writes down of forms all the same goes."""

from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry

from apps.users.models import Person
from apps.users.privacy import Part


def export(person_id: int) -> dict[str, Any]:
    """Return nothing: what staff did stands in the audit record."""
    return {}


def erase(person_id: int, now: datetime) -> None:
    """Take the person's name, as it was then, from Django's list of what staff did."""
    log = LogEntry.objects.filter(
        content_type__app_label="users", content_type__model="person", object_id=str(person_id)
    )
    log.update(object_repr=str(Person(pk=person_id)), change_message="")


PART = Part(
    name="staff",
    personal=("django_admin_log.object_repr", "django_admin_log.change_message"),
    other=(
        "django_admin_log.id",
        "django_admin_log.action_time",
        "django_admin_log.object_id",
        "django_admin_log.action_flag",
        "django_admin_log.content_type_id",
        "django_admin_log.user_id",
        # of those who work here
        "staff_device.*",
        "staff_recoverycode.*",
        "axes_accessattempt.*",
        "axes_accessattemptexpiration.*",
        "axes_accessfailurelog.*",
        "axes_accesslog.*",
        "django_session.*",
        "auth_group.*",
        "auth_group_permissions.*",
        "auth_permission.*",
    ),
    export=export,
    erase=erase,
)
