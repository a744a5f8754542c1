"""The person's row as every act begins and ends with it: locked first, so that events follow the facts' order."""

from collections.abc import Iterable
from datetime import UTC, datetime

from apps.users.models import Person
from diana.events import Event, Publication


class PersonGone(LookupError):
    """There is no such person, or they were erased: nothing can be done for them any more, so do not try again."""


def lock_person(person_id: int) -> Person:
    """Return the person, locked until the transaction ends; rows that only point to them stay free to be written.

    Raises PersonGone.
    """
    person = Person.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    if person is None or person.status == Person.Status.ERASED:
        raise PersonGone(f"Person {person_id} is unknown or erased: nothing can be done for them any more.")
    return person


def lock_people(person_ids: Iterable[int]) -> dict[int, Person]:
    """Return these people by id, locked in ascending order until the transaction ends; unknown and erased ones are left out."""
    wanted = Person.objects.select_for_update(no_key=True).filter(pk__in=set(person_ids)).order_by("pk")
    return {person.pk: person for person in wanted if person.status != Person.Status.ERASED}


def about(person: Person, event: Event, occurred_at: datetime, key: str | None = None) -> Publication:
    """Return the event ready to be published, with the person's local time of that moment."""
    return Publication(
        event=event,
        occurred_at=occurred_at,
        utc_offset_minutes=person.clock.offset_minutes(occurred_at),
        idempotency_key=key,
    )


def iso(moment: datetime | None) -> str | None:
    """Return the moment as events and audit records carry it: in UTC, ISO 8601."""
    return moment.astimezone(UTC).isoformat() if moment else None
