"""Who people are: found or added, registered, their language and time zone."""

from datetime import datetime

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from apps.users import events as facts
from apps.users.clocks import Clock, document_of
from apps.users.languages import DEFAULT_LANGUAGE, LANGUAGES, guess_language
from apps.users.models import Person
from apps.users.names import Names
from apps.users.services.guesses import FIELDS, fill_timezone
from apps.users.services.naming import refold, take_names
from apps.users.services.referrals import refer
from apps.users.services.rows import about, iso, lock_person
from apps.users.timezones import known_timezones
from diana.events import publish_many

LARGEST_ID = 2**63 - 1


class InvalidTelegramId(ValueError):
    """A Telegram id of a person is a positive number of at most 63 bits; groups and service accounts are no people."""


class UnknownLanguage(ValueError):
    """The bot speaks en, es and ru: choose one of them."""


class UnknownTimezone(ValueError):
    """A time zone is an IANA name such as Europe/Madrid: choose one that this machine knows."""


class UnknownVisibility(ValueError):
    """Boards show people by name, by an alias, or hidden: choose one of name, alias and hidden."""


def find_or_add_person(*, telegram_id: int, now: datetime) -> int:
    """Return our id of the Telegram user, with the row locked FOR NO KEY UPDATE; must run in a transaction.

    One SELECT for those who are known. Others are added bare; two that add the same person at once meet in one row.
    """
    if not 0 < telegram_id <= LARGEST_ID:
        raise InvalidTelegramId(InvalidTelegramId.__doc__)
    if not connection.in_atomic_block:
        raise TransactionManagementError("find_or_add_person locks the row: call it inside `transaction.atomic()`.")
    while True:
        # Every update asks this: the ORM would take longer to write the statement than PostgreSQL to answer it.
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM users_person WHERE telegram_id = %s FOR NO KEY UPDATE", [telegram_id])
            row = cursor.fetchone()
        if row is not None:
            return int(row[0])
        # Waits for whoever is adding the same person; the SELECT after it sees the row of either.
        Person.objects.bulk_create([Person(telegram_id=telegram_id, created_at=now)], ignore_conflicts=True)


def find_person(*, telegram_id: int) -> int | None:
    """Return our id of the Telegram user with the row locked as find_or_add_person() does, None for who is not known."""
    return (
        Person.objects.select_for_update(no_key=True)
        .filter(telegram_id=telegram_id)
        .values_list("pk", flat=True)
        .first()
    )


def register(
    *,
    person_id: int,
    first_name: str,
    last_name: str | None,
    username: str | None,
    language_code: str | None,
    now: datetime,
    key: str,
    invite_code: str | None = None,
) -> bool:
    """Make a bare person a registered one and say whether it was the first time; later calls only tell the present names.

    Names come as people wrote them and are cleaned here; `invite_code` is that of the link they came by. Publishes
    user.registered once, under the key, and user.referred where the link counts; later changes as user.profile_updated.
    Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        changed = take_names(person, Names(first_name, last_name, username), told_at=now)
        refolded = refold(person)
        first = person.registered_at is None
        if first:
            person.registered_at = now
            if person.language == DEFAULT_LANGUAGE:
                person.language = guess_language(language_code)
            guessed = FIELDS if fill_timezone(person, language_code, now) else ()
            person.save(update_fields=[*changed, "folded_names", "registered_at", "language", *guessed])
            referrer = refer(invitee=person, code=invite_code, now=now) if invite_code else None
            _tell_registered(person, referrer, now, key)
        elif changed or refolded:
            person.save(update_fields=[*changed, "folded_names"])
        if changed and not first:
            publish_many([about(person, facts.ProfileUpdated(user_id=person.pk, fields=changed), now)])
    return first


def _tell_registered(person: Person, referrer: int | None, now: datetime, key: str) -> None:
    registered = facts.Registered(user_id=person.pk, language=person.language, referrer=referrer)
    told = [about(person, registered, now, key)]
    if referrer is not None:
        told.append(about(person, facts.Referred(user_id=person.pk, referrer=referrer), now))
    publish_many(told)


def set_language(*, person_id: int, language: str, now: datetime) -> bool:
    """Set the person's language and say whether it changed; publishes user.profile_updated.

    Raises UnknownLanguage and PersonGone.
    """
    if language not in LANGUAGES:
        raise UnknownLanguage(UnknownLanguage.__doc__)
    with transaction.atomic():
        person = lock_person(person_id)
        if person.language == language:
            return False
        person.language = language
        person.save(update_fields=["language"])
        publish_many([about(person, facts.ProfileUpdated(user_id=person.pk, fields=["language"]), now)])
    return True


def set_timezone(*, person_id: int, timezone: str, now: datetime) -> bool:
    """Set the person's time zone and say whether it changed; publishes user.timezone_changed. Dates that began stay.

    The first choice counts at once, a later one from midnight (clocks.py). Raises UnknownTimezone and PersonGone.
    """
    if timezone not in known_timezones():
        raise UnknownTimezone(UnknownTimezone.__doc__)
    with transaction.atomic():
        person = lock_person(person_id)
        old, first = person.timezone, not person.has_chosen_timezone
        if old == timezone and not first:
            return False
        clock = person.clock.choose_first(timezone, now) if first else person.clock.choose(timezone, now)
        person.timezone, person.former_timezones, person.timezone_chosen = timezone, document_of(clock), True
        person.save(update_fields=["timezone", "former_timezones", "timezone_chosen"])
        if old != timezone:
            publish_many([about(person, _changed(person.pk, old, clock, now), now)])
    return old != timezone


def _changed(person_id: int, old: str, clock: Clock, now: datetime) -> facts.TimezoneChanged:
    """Return the event of a change: it counts from the moment until which the zone before it does."""
    counts_from = clock.counts_from(now) or now
    cut = clock.cut_by_change(counts_from)
    return facts.TimezoneChanged(
        user_id=person_id,
        old=old,
        new=clock.zone,
        counts_from=iso(counts_from),
        skipped=[day.isoformat() for day in cut.skipped],
        shortened=cut.shortened.isoformat() if cut.shortened else None,
    )


def set_visibility(*, person_id: int, mode: str, now: datetime) -> bool:
    """Set how boards show the person (name, alias or hidden) and say whether it changed; publishes user.visibility_changed.

    Raises UnknownVisibility and PersonGone.
    """
    if mode not in Person.Visibility.values:
        raise UnknownVisibility(UnknownVisibility.__doc__)
    with transaction.atomic():
        person = lock_person(person_id)
        if person.visibility == mode:
            return False
        person.visibility = mode
        person.save(update_fields=["visibility"])
        publish_many([about(person, facts.VisibilityChanged(user_id=person.pk, mode=mode), now)])
    return True
