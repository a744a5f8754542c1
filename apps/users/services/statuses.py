"""Bringing a person's status in line with the facts: whoever begins or ends one of them calls this, the row locked."""

from apps.users.lifecycle import check_transition, status_of
from apps.users.models import Departure, Person, Suspension


def open_departure(person_id: int) -> Departure | None:
    """Return the person's departure that has not ended, if they have left."""
    return Departure.objects.filter(person_id=person_id, ended_at__isnull=True).first()


def settle_status(person: Person) -> None:
    """Save what the person's status is by the rows of suspensions and departures; the erased stay erased."""
    if person.status != Person.Status.ERASED:
        set_status(person, status_by_facts(person.pk))


def status_by_facts(person_id: int, *, suspended: bool | None = None) -> str:
    """Return what the rows say the status is; `suspended` to ask what it would be with a suspension, or without."""
    left = open_departure(person_id)
    if suspended is None:
        suspended = Suspension.objects.filter(person_id=person_id, ended_at__isnull=True).exists()
    return status_of(
        suspended=suspended,
        away=left is not None,
        deletion_requested=left is not None and left.erase_at is not None,
    )


def set_status(person: Person, status: str) -> None:
    """Save the status; raises ForbiddenTransition for one that cannot follow."""
    check_transition(person.status, status)
    if person.status != status:
        person.status = status
        person.save(update_fields=["status"])
