"""What people do: days, visits and the events of an act, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from apps.users import events as facts
from apps.users.activity import Touch, judge_act
from apps.users.models import Person
from apps.users.services.rows import about, lock_person
from apps.users.timezones import local_time
from diana.events import Event, Publication, publish_many


def touch(*, person_id: int, occurred_at: datetime) -> Touch:
    """Note an act: publishes user.returned, user.active_day and game.login where it begins one.

    An act no later than the last one changes nothing, so a repeated call does nothing. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        touched = _note(person, occurred_at)
        publish_many(_beginnings(person, touched, occurred_at))
    return touched


def act(
    *, person_id: int, occurred_at: datetime, key_prefix: str, events: Callable[[datetime], Sequence[Event]]
) -> None:
    """Note an act and publish its events in one transaction; what the bot calls for everything an update holds.

    `events` is given the person's local time of the act and returns what to publish, under the idempotency keys
    `<key_prefix>:<n>`, n from 0: called again, nothing new happens. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        touched = _note(person, occurred_at)
        given = events(touched.local_time)
        keyed = [about(person, event, occurred_at, f"{key_prefix}:{n}") for n, event in enumerate(given)]
        publish_many(_beginnings(person, touched, occurred_at) + keyed)


def _note(person: Person, occurred_at: datetime) -> Touch:
    touched = judge_act(
        occurred_at=occurred_at,
        local=local_time(occurred_at, person.timezone),
        last_act_at=person.last_act_at,
        last_active_date=person.last_active_date,
    )
    if touched.counted:
        person.last_act_at = occurred_at
        # Flying west turns the date back; a day that was counted stays counted.
        person.last_active_date = max(touched.local_time.date(), person.last_active_date or touched.local_time.date())
        person.save(update_fields=["last_act_at", "last_active_date"])
    return touched


def _beginnings(person: Person, touched: Touch, occurred_at: datetime) -> list[Publication]:
    begun: list[Event] = []
    if touched.days_away is not None:
        begun.append(facts.Returned(user_id=person.pk, days_away=touched.days_away))
    if touched.first_of_day:
        begun.append(facts.ActiveDay(user_id=person.pk, local_date=touched.local_time.date().isoformat()))
    if touched.logged_in:
        begun.append(facts.LoggedIn(user_id=person.pk))
    return [about(person, event, occurred_at) for event in begun]
