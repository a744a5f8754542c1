"""Reads about people for every app above; each takes a fixed number of queries, however many people are asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from apps.users import preferences as settable
from apps.users import vip
from apps.users.aliases import alias_of
from apps.users.clocks import Clock as Clock
from apps.users.clocks import clock_of
from apps.users.languages import guess_language as guess_language
from apps.users.models import Departure, Person, Staff, Tombstone
from apps.users.personality import RETAKE_AFTER as RETAKE_AFTER
from apps.users.personality import main_archetype as main_archetype
from apps.users.personality import quiz_order as quiz_order
from apps.users.personality import side_of as side_of
from apps.users.preferences import Preferences
from apps.users.promises import promises_of
from apps.users.standing import Invitations as Invitations
from apps.users.standing import LostReferral as LostReferral
from apps.users.standing import QuizStanding as QuizStanding
from apps.users.standing import TutorialStanding as TutorialStanding
from apps.users.standing import archetype as archetype
from apps.users.standing import archetypes as archetypes
from apps.users.standing import invitations as invitations
from apps.users.standing import lost_referrals as lost_referrals
from apps.users.standing import onboarding_step as onboarding_step
from apps.users.standing import quiz_standing as quiz_standing
from apps.users.standing import tutorial_standing as tutorial_standing
from apps.users.standing import visibility as visibility
from apps.users.timezones import local_time as local_time
from apps.users.tombstones import digest_of
from apps.users.zones import Zone as Zone
from apps.users.zones import city_of as city_of
from apps.users.zones import find_zones as find_zones
from apps.users.zones import offsets as offsets
from apps.users.zones import zone_of as zone_of
from apps.users.zones import zones_at as zones_at


@dataclass(frozen=True, slots=True)
class Profile:
    """What other apps may know of a person; `name` is "" for those who gave none and for erased ones."""

    person_id: int
    name: str
    username: str
    language: str
    timezone: str
    clock: Clock
    status: str
    registered_at: datetime | None
    last_act_at: datetime | None

    def local(self, moment: datetime) -> datetime:
        """Return the moment by the clock on the person's wall: that of the zone chosen last, whether it counts yet or not."""
        return local_time(moment, self.timezone)

    def date_of(self, moment: datetime) -> date:
        """Return the person's date at the moment: that of the zone that counts."""
        return self.clock.local(moment).date()


@dataclass(frozen=True, slots=True)
class Overview:
    """A profile with the end of effective VIP."""

    profile: Profile
    vip_until: datetime | None


@dataclass(frozen=True, slots=True)
class QuietDays:
    """When somebody was last active and which date their clock shows; the dates between are over without an act."""

    person_id: int
    utc_offset_minutes: int
    last_active: date
    today: date


class UnknownPerson(LookupError):
    """There is no person of that id: use an id that find_or_add_person returned."""


def effective_vip(person_id: int, now: datetime) -> datetime | None:
    """Return until when the person is VIP without a break, or None."""
    return _vip_ends([person_id], now)[person_id]


def vip_standings(ids: Iterable[int], now: datetime) -> dict[int, vip.Standing]:
    """Return how each of the people stands with VIP; one query."""
    return {person_id: vip.standing(found, now) for person_id, found in promises_of(ids).items()}


def lasting_grants(person_id: int, now: datetime) -> list[int]:
    """Return the ids of the person's VIP grants of which something is left, oldest first; one query."""
    return promises_of([person_id])[person_id].lasting(now)


def profile(person_id: int) -> Profile:
    """Return the person's profile; raises UnknownPerson."""
    try:
        return people([person_id])[person_id]
    except KeyError:
        raise UnknownPerson(f"There is no person {person_id}.") from None


def alias(person_id: int, language: str) -> str:
    """Return the name under which a person who wants an alias is shown to who reads this language.

    It is always the same animal and number, and nobody can tell whose it is.
    """
    return alias_of(person_id, settings.SECRET_KEY, language)


def telegram_id(person_id: int) -> int | None:
    """Return where to write to the person; None once erased, or for an unknown id."""
    return Person.objects.filter(pk=person_id).values_list("telegram_id", flat=True).first()


def person_of(telegram_id: int) -> int | None:
    """Return our id of the Telegram user, or None if the bot has not met them."""
    return Person.objects.filter(telegram_id=telegram_id).values_list("pk", flat=True).first()


def away(ids: Iterable[int]) -> set[int]:
    """Return who of these is not to be written to: who has left, asked to be erased, or is erased; two queries."""
    wanted = list(ids)
    left = Departure.objects.filter(person_id__in=wanted, ended_at__isnull=True).values_list("person_id", flat=True)
    erased = Person.objects.filter(pk__in=wanted, status=Person.Status.ERASED).values_list("pk", flat=True)
    return {*left, *erased}


def erasure_due(person_id: int) -> datetime | None:
    """Return when the person is to be erased, if they asked for it."""
    left = Departure.objects.filter(person_id=person_id, ended_at__isnull=True)
    return left.values_list("erase_at", flat=True).first()


def was_erased(telegram_id: int) -> bool:
    """Say whether somebody with this id at Telegram was erased before: they cannot be brought in by a friend again."""
    return Tombstone.objects.filter(digest=digest_of(telegram_id, settings.TOMBSTONE_KEY)).exists()


def people(ids: Iterable[int]) -> dict[int, Profile]:
    """Return the profiles by id, in one query; unknown ids are missing."""
    return {person.pk: _profile_of(person) for person in Person.objects.filter(pk__in=list(ids))}


def preferences(ids: Iterable[int]) -> dict[int, Preferences]:
    """Return by id what people have set, and the defaults for what they have not; one query, unknown ids have defaults."""
    wanted = set(ids)
    stored = dict(Person.objects.filter(pk__in=wanted).values_list("pk", "preferences"))
    return {person_id: settable.read(stored.get(person_id, {})) for person_id in wanted}


def local_days(ids: Iterable[int], now: datetime) -> dict[int, tuple[int, date]]:
    """Return by id how many minutes the clock that counts is ahead of UTC and which date it shows; one query.

    Raises UnknownPerson if one is missing.
    """
    wanted = set(ids)
    rows = Person.objects.filter(pk__in=wanted).values_list("pk", "timezone", "former_timezones")
    clocks = {person: clock_of(zone, former) for person, zone, former in rows}
    if missing := wanted - set(clocks):
        raise UnknownPerson(f"There is no person {min(missing)}.")
    return {person: (clock.offset_minutes(now), clock.local(now).date()) for person, clock in clocks.items()}


def quiet_days(now: datetime, *, most: int, days: int, after: int) -> list[QuietDays]:
    """Return who was active lately, by id, from `after` on, with the date on their clock: at most so many; one query.

    Only those whose last act was at most so many dates ago; the unknown and the erased are left out.
    """
    newest = now.date() + timedelta(days=1)
    found = (
        Person.objects.filter(pk__gt=after, last_active_date__range=(newest - timedelta(days=days + 1), newest))
        .exclude(status=Person.Status.ERASED)
        .order_by("pk")
        .values_list("pk", "timezone", "former_timezones", "last_active_date")[:most]
    )
    return [
        QuietDays(person, clock.offset_minutes(now), last_active, clock.local(now).date())
        for person, clock, last_active in ((pk, clock_of(zone, former), last) for pk, zone, former, last in found)
        if last_active is not None
    ]


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
    return {person_id: vip.effective_until(found, now) for person_id, found in promises_of(ids).items()}


def _profile_of(person: Person) -> Profile:
    return Profile(
        person.pk,
        person.full_name,
        person.username,
        person.language,
        person.timezone,
        person.clock,
        person.status,
        person.registered_at,
        person.last_act_at,
    )
