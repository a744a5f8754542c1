"""Registering many people at once, as when a community moves in: a fixed number of statements, however many there are."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from apps.users import events as facts
from apps.users.languages import guess_language
from apps.users.models import Person
from apps.users.names import Names
from apps.users.service_accounts import SERVICE_ACCOUNTS
from apps.users.services.guesses import fill_timezone
from apps.users.services.naming import fill_names
from apps.users.services.people import LARGEST_ID, InvalidTelegramId
from apps.users.services.rows import about
from diana.events import publish_many

MOST = 1000


class TooMany(ValueError):
    """At most 1,000 people are registered in one call: divide them."""


class Newcomer(NamedTuple):
    """Somebody as Telegram tells of them."""

    telegram_id: int
    first_name: str
    last_name: str = ""
    username: str = ""
    language_code: str = ""


def register_many(*, newcomers: Sequence[Newcomer], now: datetime) -> dict[int, int]:
    """Register those who are not registered yet and return the ids of all by their Telegram ids.

    Publishes user.registered for each new one; who is registered stays as they are. Of one who is named twice the first
    counts. Locks the people in ascending order; a second call does nothing. Raises InvalidTelegramId and TooMany before
    anything is written.
    """
    by_id = {newcomer.telegram_id: newcomer for newcomer in reversed(newcomers)}
    if len(by_id) > MOST:
        raise TooMany(TooMany.__doc__)
    if not all(0 < telegram_id <= LARGEST_ID for telegram_id in by_id) or not SERVICE_ACCOUNTS.isdisjoint(by_id):
        raise InvalidTelegramId(InvalidTelegramId.__doc__)
    with transaction.atomic():
        bare = [Person(telegram_id=telegram_id, created_at=now) for telegram_id in sorted(by_id)]
        Person.objects.bulk_create(bare, ignore_conflicts=True)
        found = list(Person.objects.select_for_update(no_key=True).filter(telegram_id__in=by_id).order_by("pk"))
        new = [person for person in found if person.registered_at is None]
        for person in new:
            _fill(person, by_id[person.telegram_id or 0], now)
        _save(new)
        registered = [facts.Registered(user_id=person.pk, language=person.language) for person in new]
        publish_many([about(person, event, now) for person, event in zip(new, registered, strict=True)])
    return {person.telegram_id: person.pk for person in found if person.telegram_id is not None}


_SAVE = """
UPDATE users_person p SET first_name = a.first_name, last_name = a.last_name, username = a.username,
    folded_names = a.folded_names, language = a.language, registered_at = a.registered_at, timezone = a.timezone,
    timezone_guessed = a.timezone_guessed, former_timezones = a.former_timezones::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[],
    %s::boolean[], %s::text[])
    AS a (id, first_name, last_name, username, folded_names, language, registered_at, timezone, timezone_guessed,
        former_timezones)
WHERE p.id = a.id
"""
_SAVED = (
    "pk",
    "first_name",
    "last_name",
    "username",
    "folded_names",
    "language",
    "registered_at",
    "timezone",
    "timezone_guessed",
)


def _save(people: Sequence[Person]) -> None:
    """Write what was filled in. The ORM takes longer to put such a statement together than PostgreSQL to carry it out."""
    if people:
        with connection.cursor() as cursor:
            columns: list[list[Any]] = [[getattr(person, name) for person in people] for name in _SAVED]
            cursor.execute(_SAVE, [*columns, [json.dumps(person.former_timezones) for person in people]])


def _fill(person: Person, newcomer: Newcomer, now: datetime) -> None:
    fill_names(person, Names(newcomer.first_name, newcomer.last_name, newcomer.username))
    person.language, person.registered_at = guess_language(newcomer.language_code), now
    fill_timezone(person, newcomer.language_code, now)
