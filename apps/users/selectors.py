"""Reads about people for every app above; each takes a fixed number of queries, however many people are asked for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.users import vip
from apps.users.models import Grant, Person, Staff


@dataclass(frozen=True, slots=True)
class Profile:
    """What other apps may know of a person; `name` is "" for those who gave none and for erased ones."""

    person_id: int
    name: str
    username: str
    language: str
    timezone: str
    status: str
    registered_at: datetime | None
    last_act_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A profile with the end of effective VIP."""

    profile: Profile
    vip_until: datetime | None


class UnknownPerson(LookupError):
    """There is no person of that id: use an id that find_or_add_person returned."""


def effective_vip(person_id: int, now: datetime) -> datetime | None:
    """Return until when the person is VIP without a break, or None."""
    return _vip_ends([person_id], now)[person_id]


def profile(person_id: int) -> Profile:
    """Return the person's profile; raises UnknownPerson."""
    try:
        return people([person_id])[person_id]
    except KeyError:
        raise UnknownPerson(f"There is no person {person_id}.") from None


def telegram_id(person_id: int) -> int | None:
    """Return where to write to the person; None once erased, or for an unknown id."""
    return Person.objects.filter(pk=person_id).values_list("telegram_id", flat=True).first()


def person_of(telegram_id: int) -> int | None:
    """Return our id of the Telegram user, or None if the bot has not met them."""
    return Person.objects.filter(telegram_id=telegram_id).values_list("pk", flat=True).first()


def people(ids: Iterable[int]) -> dict[int, Profile]:
    """Return the profiles by id, in one query; unknown ids are missing."""
    return {person.pk: _profile_of(person) for person in Person.objects.filter(pk__in=list(ids))}


def people_overview(ids: Iterable[int], now: datetime) -> dict[int, Overview]:
    """Return profiles and VIP by id, in two queries; unknown ids are missing."""
    profiles = people(ids)
    ends = _vip_ends(profiles, now)
    return {person_id: Overview(found, ends[person_id]) for person_id, found in profiles.items()}


def staff_may(staff_id: int, permission: str) -> bool:
    """Say whether the login is active, works in the admin, and has the permission (as in "users.add_grant") now."""
    staff = Staff.objects.filter(pk=staff_id, is_active=True, is_staff=True).first()
    return staff is not None and staff.has_perm(permission)


def _vip_ends(ids: Iterable[int], now: datetime) -> dict[int, datetime | None]:
    wanted = list(ids)
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    grants = Grant.objects.lasting(now).filter(person_id__in=wanted)
    for person_id, starts_at, ends_at in grants.values_list("person_id", "starts_at", "ends_at"):
        spans[person_id].append((starts_at, ends_at))
    return {person_id: vip.chain_end(spans[person_id], now) for person_id in wanted}


def _profile_of(person: Person) -> Profile:
    return Profile(
        person.pk,
        person.full_name,
        person.username,
        person.language,
        person.timezone,
        person.status,
        person.registered_at,
        person.last_act_at,
    )
