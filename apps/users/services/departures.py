"""Leaving and coming back: for a while, or with the request to be erased. What a person does, staff cannot do for them."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.users import events as facts
from apps.users.models import Departure, Person
from apps.users.services.rows import about, iso, lock_person
from apps.users.services.statuses import open_departure, settle_status
from diana.events import Event, publish_many

# So long a request to be erased can be taken back.
TIME_TO_UNDO = timedelta(days=7)


def deactivate(*, person_id: int, key: str, now: datetime) -> bool:
    """Take the person off boards and write to them no more, until they come back; say whether they were here.

    Locks the person. Publishes user.deactivated. Who has left already has left; so a second call changes nothing, nor
    does a key that was used. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        if open_departure(person_id) or Departure.objects.filter(key=key).exists():
            return False
        Departure.objects.create(person=person, left_at=now, key=key)
        settle_status(person)
        _publish(person, now, facts.Deactivated(user_id=person_id))
    return True


def come_back(person: Person, occurred_at: datetime) -> list[Event]:
    """End a departure that began before this act of theirs; return what to publish. The row is locked by the caller.

    A request to be erased stands until it is taken back in so many words.
    """
    left = open_departure(person.pk)
    if left is None or left.erase_at is not None or left.left_at >= occurred_at:
        return []
    end(left, Departure.Outcome.BACK, occurred_at)
    settle_status(person)
    return [facts.Reactivated(user_id=person.pk)]


def request_deletion(*, person_id: int, key: str, now: datetime) -> datetime:
    """Have the person erased in seven days unless they change their mind; return when. Until then they are away.

    Locks the person. Publishes user.deletion_requested, and user.deactivated unless they had left before. A second request
    returns the date of the first, and so does the key of one that is over. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        left = open_departure(person_id)
        known = left if left and left.erase_at else Departure.objects.filter(person=person, key=key).first()
        if known is not None and known.erase_at is not None:
            return known.erase_at
        if left is not None:
            end(left, Departure.Outcome.DELETION, now)
        due = now + TIME_TO_UNDO
        Departure.objects.create(person=person, left_at=now, erase_at=due, key=key)
        settle_status(person)
        requested = facts.DeletionRequested(user_id=person_id, due=str(iso(due)))
        _publish(person, now, *([] if left else [facts.Deactivated(user_id=person_id)]), requested)
    return due


def cancel_deletion(*, person_id: int, now: datetime) -> bool:
    """Take back the request to be erased and say whether there was one; publishes user.deletion_cancelled and reactivated.

    Locks the person: whoever comes after the erasure finds PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        left = open_departure(person_id)
        if left is None or left.erase_at is None:
            return False
        end(left, Departure.Outcome.BACK, now)
        settle_status(person)
        _publish(person, now, facts.DeletionCancelled(user_id=person_id), facts.Reactivated(user_id=person_id))
    return True


def end(left: Departure, outcome: Departure.Outcome, now: datetime) -> None:
    """Note how the departure ended; once."""
    left.ended_at, left.outcome = now, outcome
    left.save(update_fields=["ended_at", "outcome"])


def _publish(person: Person, now: datetime, *events: Event) -> None:
    publish_many([about(person, event, now) for event in events])
