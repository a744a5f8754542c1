"""What people do: days, visits and the events of an act, in one transaction."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import connection, transaction

from apps.users import events as facts
from apps.users.activity import Touch, judge_act
from apps.users.models import Person
from apps.users.names import Names
from apps.users.services.departures import come_back
from apps.users.services.naming import has_names, save_names, take_names
from apps.users.services.rows import about, lock_people, lock_person
from diana.events import Envelope, Event, Publication, publish_many


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
    *,
    person_id: int,
    occurred_at: datetime,
    key_prefix: str,
    events: Callable[[datetime], Sequence[Event]],
    comes_back: bool = False,
    names: Names | None = None,
) -> None:
    """Note an act and publish its events in one transaction; what the bot calls for everything an update holds.

    `events` is given the person's local time of the act and returns what to publish, under the idempotency keys
    `<key_prefix>:<n>`, n from 0: called again, nothing new happens. `comes_back`: whoever had left is back by this act.
    `names` are those of the person at that time; changes are published as user.profile_updated. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        renamed, updated = _rename(person, names, occurred_at)
        touched = _note(person, occurred_at, renamed)
        given = events(touched.local_time)
        keyed = [about(person, event, occurred_at, f"{key_prefix}:{n}") for n, event in enumerate(given)]
        returned = _come_back(person, occurred_at) if comes_back else []
        publish_many([*updated, *returned, *_beginnings(person, touched, occurred_at), *keyed])


class Act(NamedTuple):
    """One act of a batch: when, what it is (None: just coming by), and the event that brought it. What has a key counts once
    for all time. `comes_back`: whoever had left is back by it. `names` are those of the person at that time. What does not
    count tells the names and nothing else.
    """

    person_id: int
    occurred_at: datetime
    event: Event | None
    cause: Envelope | None
    key: str | None = None
    comes_back: bool = False
    names: Names | None = None
    counts: bool = True


def act_many(acts: Sequence[Act]) -> set[int]:
    """Note the acts in their order and publish their events, in the caller's transaction and a fixed number of statements;
    return whose acts were noted.

    Locks the people in ascending order. Acts of the unknown and the erased are left out. What keeps an act from being
    noted twice is the caller's: nothing here remembers it.
    """
    people = lock_people(act.person_id for act in acts)
    published, changed, renamed = list[Publication](), dict[int, Person](), dict[int, Person]()
    for act in acts:
        person = people.get(act.person_id)
        if person is None:
            continue
        fields, events = _rename(person, act.names, act.occurred_at)
        if fields:
            renamed[person.pk] = person
        if act.counts:
            touched = _judge(person, act.occurred_at)
            if touched.counted:
                changed[person.pk] = person
            events += _come_back(person, act.occurred_at) if act.comes_back else []
            events += _beginnings(person, touched, act.occurred_at)
        if act.counts and act.event is not None:
            events.append(about(person, act.event, act.occurred_at, act.key))
        published += [msgspec.structs.replace(publication, cause=act.cause) for publication in events]
    _save_activity(changed.values())
    save_names(renamed.values())
    publish_many(published)
    return set(people)


_SAVE = """
UPDATE users_person p SET last_act_at = a.last_act_at, last_active_date = a.last_active_date
FROM unnest(%s::bigint[], %s::timestamptz[], %s::date[]) AS a (id, last_act_at, last_active_date) WHERE p.id = a.id
"""


def _save_activity(people: Collection[Person]) -> None:
    if people:
        moments, dates = [p.last_act_at for p in people], [p.last_active_date for p in people]
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, [[p.pk for p in people], moments, dates])


def _come_back(person: Person, occurred_at: datetime) -> list[Publication]:
    """End a departure; who is active has none, which is nearly everybody."""
    if person.status == Person.Status.ACTIVE:
        return []
    return [about(person, event, occurred_at) for event in come_back(person, occurred_at)]


def _rename(person: Person, names: Names | None, occurred_at: datetime) -> tuple[list[str], list[Publication]]:
    """Set the names that were told; return the fields that changed, for the caller to save, and what to publish: nothing of
    the first names of who is not registered, whether they come with /start or before it.
    """
    known = person.registered_at is not None or has_names(person)
    fields = [] if names is None else take_names(person, names, told_at=occurred_at)
    if not (fields and known):
        return fields, []
    return fields, [about(person, facts.ProfileUpdated(user_id=person.pk, fields=fields), occurred_at)]


def _note(person: Person, occurred_at: datetime, renamed: Sequence[str] = ()) -> Touch:
    """Save what the act begins and which names it changed, in one statement."""
    touched = _judge(person, occurred_at)
    fields = [*renamed, "folded_names"] if renamed else []
    fields += ["last_act_at", "last_active_date"] if touched.counted else []
    if fields:
        person.save(update_fields=fields)
    return touched


def _judge(person: Person, occurred_at: datetime) -> Touch:
    """Say what the act begins, and move the person's last act and day on; the row is the caller's to save."""
    touched = judge_act(
        occurred_at=occurred_at,
        local=person.clock.local(occurred_at),
        last_act_at=person.last_act_at,
        last_active_date=person.last_active_date,
    )
    if touched.counted:
        person.last_act_at = occurred_at
        # Flying west turns the date back; a day that was counted stays counted.
        person.last_active_date = max(touched.local_time.date(), person.last_active_date or touched.local_time.date())
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
