"""What was told of people's VIP: written anew with every act, and by the clock when time alone has changed something."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db import transaction

from apps.users import events as facts
from apps.users import vip
from apps.users.models import Person, VipStanding
from apps.users.promises import promises_of
from apps.users.services.rows import about, iso, lock_people
from diana import audit
from diana.events import Event, Publication, publish_many

CLOCK = audit.Actor(None, "users.expire_vip", "command")
# So many people in one transaction, whose events hold others back as long as it is open.
MOST_AT_ONCE = 500

_COLUMNS = ("state", "until", "kept_until", "hours", "mode", "mode_until", "due_at")


class Passed(msgspec.Struct, frozen=True):
    """How many people were looked at, and what was told of them."""

    people: int = 0
    overridden: int = 0
    expiring: int = 0
    grace_entered: int = 0
    expired: int = 0


class Look(NamedTuple):
    """How somebody stands, and when to look again."""

    standing: vip.Standing
    due_at: datetime | None


def look(promises: vip.Promises, now: datetime) -> Look:
    """Return how the person stands now, and the next moment at which that may change."""
    return Look(vip.standing(promises, now), vip.next_change(promises, now))


def settle(people: Iterable[Person], now: datetime) -> dict[int, Look]:
    """Write down how these people stand after an act, so that the clock tells none of it again; return it by person.

    The act's own event tells it; who is left with nothing but grace is told so with `grace_of`. Two statements.
    """
    looks = {person_id: look(found, now) for person_id, found in promises_of([p.pk for p in people]).items()}
    _remember(looks)
    return looks


def grace_of(person: Person, standing: vip.Standing, now: datetime) -> list[Publication]:
    """Return the event that only grace is left after an act, if that is so."""
    if standing.state != "grace":
        return []
    return [about(person, facts.VipGraceEntered(user_id=person.pk, until=iso(standing.kept_until)), now)]


def expire_vip(*, now: datetime) -> Passed:
    """Tell what time has changed about VIP, of at most 500 people; each change once, whoever comes second.

    Publishes vip.expiring, vip.grace_entered, vip.expired and, for overrides whose time is over, admin.vip_overridden with
    an audit record. What was overtaken (the machine was off) is not told. Locks the people in ascending order.
    """
    due = VipStanding.objects.filter(due_at__lte=now).order_by("due_at", "person_id")
    with transaction.atomic():
        ids = list(due.values_list("person_id", flat=True)[:MOST_AT_ONCE])
        people = lock_people(ids)
        # Read anew: whoever had the lock before may have told it, or renewed.
        told = {row.person_id: row for row in VipStanding.objects.filter(person_id__in=ids, due_at__lte=now)}
        looks = {person: look(found, now) for person, found in promises_of(people.keys() & told.keys()).items()}
        changes = {person: vip.news(_told(told[person]), looks[person].standing) for person in sorted(looks)}
        records = _record_ended_overrides(told, looks, changes)
        publications = [
            about(people[person], _event(person, kind, looks[person].standing, records), now)
            for person, kinds in changes.items()
            for kind in kinds
        ]
        _remember(looks | {person: _gone(told[person]) for person in told if person not in looks})
        publish_many(publications)
    counted: list[str] = [kind for kinds in changes.values() for kind in kinds]
    return Passed(len(told), *map(counted.count, ("overridden", "expiring", "grace_entered", "expired")))


def expire_all_vip(*, now: datetime) -> Passed:
    """Go on with expire_vip until nothing is due, each 500 people in a transaction of their own."""
    done = Passed()
    while True:
        passed = expire_vip(now=now)
        done = Passed(*map(sum, zip(msgspec.structs.astuple(done), msgspec.structs.astuple(passed), strict=True)))
        if passed.people < MOST_AT_ONCE:
            return done


def _told(row: VipStanding) -> vip.Standing:
    return vip.Standing(row.state, row.until, row.kept_until, row.hours, row.mode, row.mode_until)  # type: ignore[arg-type]


def _gone(row: VipStanding) -> Look:
    """Return what stays of the erased: as it was told, and never looked at again."""
    return Look(_told(row), None)


def _remember(looks: Mapping[int, Look]) -> None:
    rows = [VipStanding(person_id=p, due_at=found.due_at, **found.standing._asdict()) for p, found in looks.items()]
    VipStanding.objects.bulk_create(rows, update_conflicts=True, unique_fields=["person"], update_fields=_COLUMNS)


def _record_ended_overrides(
    told: Mapping[int, VipStanding], looks: Mapping[int, Look], changes: Mapping[int, list[vip.News]]
) -> dict[int, int]:
    """Write the audit records of the overrides whose time is over; return their ids by person."""
    ended = [person for person, kinds in changes.items() if "overridden" in kinds]
    acts = [
        audit.Act(
            act="end_vip_override",
            target=("users.Person", person),
            before=described(_told(told[person])),
            after=described(looks[person].standing),
            reason=_why_it_ended(told[person]),
        )
        for person in ended
    ]
    return dict(zip(ended, audit.record_many(CLOCK, acts), strict=True))


def _why_it_ended(told: VipStanding) -> str:
    """Return the reason of the record: an override whose time is over, or an end that was worked out anew meanwhile."""
    if told.mode_until is None:
        return "What grants and ended overrides come to was worked out anew."
    return f"It was to end at {iso(told.mode_until)}."


def described(standing: vip.Standing) -> dict[str, str | None]:
    """Return what audit records of overrides show of a standing."""
    return {"vip_until": iso(standing.until), "mode": standing.mode, "mode_until": iso(standing.mode_until)}


def overridden(person_id: int, standing: vip.Standing, actor: audit.Actor, record: int) -> facts.VipOverridden:
    """Return the event that says what staff force from now on, if anything."""
    until = standing.mode_until if standing.mode == "off" else standing.until
    return facts.VipOverridden(
        user_id=person_id, mode=standing.mode or "none", until=iso(until), actor=actor.id, audit=record
    )


def _event(person_id: int, kind: vip.News, standing: vip.Standing, records: Mapping[int, int]) -> Event:
    match kind:
        case "overridden":
            return overridden(person_id, standing, CLOCK, records[person_id])
        case "expiring":
            assert standing.hours is not None
            return facts.VipExpiring(user_id=person_id, hours=standing.hours, until=iso(standing.until))
        case "grace_entered":
            return facts.VipGraceEntered(user_id=person_id, until=iso(standing.kept_until))
        case "expired":
            return facts.VipExpired(user_id=person_id, until=None)
