"""The person's own row: who they are, how they want to be spoken to, when they were here last."""

from datetime import datetime
from typing import Any

from apps.users.languages import DEFAULT_LANGUAGE
from apps.users.models import Person
from apps.users.models.people import FIRST_TIMEZONE

PERSONAL = (
    "users_person.telegram_id",
    "users_person.first_name",
    "users_person.last_name",
    "users_person.username",
    "users_person.folded_names",
    "users_person.language",
    "users_person.timezone",
    "users_person.timezone_chosen",
    "users_person.timezone_guessed",
    "users_person.former_timezones",
    "users_person.last_act_at",
    "users_person.last_active_date",
)
OTHER = (
    "users_person.id",
    "users_person.status",
    "users_person.registered_at",
    "users_person.created_at",
    # a digest that leads nowhere without the key, beside nothing else
    "users_tombstone.digest",
    # logins of the admin belong to people who work here, not to people of the bot
    "users_staff.*",
    "users_staff_groups.*",
    "users_staff_user_permissions.*",
)
SHOWN = (
    "id",
    "telegram_id",
    "first_name",
    "last_name",
    "username",
    "language",
    "timezone",
    "timezone_chosen",
    "timezone_guessed",
    "former_timezones",
    "status",
)
TIMES = ("registered_at", "created_at", "last_act_at", "last_active_date")


def export(person_id: int) -> dict[str, Any]:
    """Return the row."""
    return dict(Person.objects.values(*SHOWN, *TIMES).get(pk=person_id))


def erase(person_id: int, now: datetime) -> None:
    """Leave the number, and that it was registered once."""
    Person.objects.filter(pk=person_id).update(
        telegram_id=None,
        first_name="",
        last_name="",
        username="",
        folded_names="",
        language=DEFAULT_LANGUAGE,
        timezone=FIRST_TIMEZONE,
        timezone_chosen=False,
        timezone_guessed=False,
        former_timezones=[],
        last_act_at=None,
        last_active_date=None,
        status=Person.Status.ERASED,
    )
