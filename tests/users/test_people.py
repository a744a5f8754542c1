"""People: found, added, registered once, their settings."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import services
from apps.users.models import Person
from diana.events.models import StoredEvent
from tests.users.conftest import Published


def register(person: Person, now: datetime, key: str = "k", **given: str | None) -> bool:
    """Register with what Telegram sends of somebody."""
    said = {"first_name": "Ana", "last_name": None, "username": "ana", "language_code": "es"} | given
    return services.register(person_id=person.pk, now=now, key=key, **said)


def erase(person: Person) -> None:
    """Make the person one who was erased."""
    Person.objects.filter(pk=person.pk).update(
        status="erased", telegram_id=None, first_name="", last_name="", username=""
    )


def test_somebody_new_is_added_bare(db: None, now: datetime) -> None:
    person = Person.objects.get(pk=services.find_or_add_person(telegram_id=99, now=now))
    assert (person.telegram_id, person.first_name, person.language, person.timezone) == (99, "", "en", "UTC")
    assert (person.status, person.registered_at, person.created_at) == ("active", None, now)


def test_somebody_known_takes_one_query_and_is_locked(
    person: Person, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1) as captured:
        assert services.find_or_add_person(telegram_id=4242, now=now) == person.pk
    assert "FOR NO KEY UPDATE" in captured[0]["sql"]


def test_finding_needs_a_transaction(committed_db: str, now: datetime) -> None:
    with pytest.raises(TransactionManagementError):
        services.find_or_add_person(telegram_id=4242, now=now)


@pytest.mark.parametrize("telegram_id", [0, -100123, 2**63])
def test_groups_and_nonsense_are_no_people(db: None, now: datetime, telegram_id: int) -> None:
    with pytest.raises(services.InvalidTelegramId):
        services.find_or_add_person(telegram_id=telegram_id, now=now)


def test_two_that_add_the_same_person_meet_in_one_row(committed_db: str, now: datetime) -> None:
    together, found = threading.Barrier(4), []

    def meet() -> None:
        together.wait()
        with transaction.atomic():
            found.append(services.find_or_add_person(telegram_id=99, now=now))
        connections.close_all()

    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Person.objects.get().pk] * 4


def test_whoever_found_a_person_holds_them_until_the_commit(committed_db: str, now: datetime) -> None:
    with transaction.atomic():
        person_id = services.find_or_add_person(telegram_id=99, now=now)
    waited = threading.Event()

    def second() -> None:
        with transaction.atomic():
            services.find_or_add_person(telegram_id=99, now=now)
        waited.set()
        connections.close_all()

    with transaction.atomic():
        services.find_or_add_person(telegram_id=99, now=now)
        thread = threading.Thread(target=second)
        thread.start()
        assert not waited.wait(0.2)
        Person.objects.filter(pk=person_id).update(first_name="Ana")
    thread.join(5)
    assert waited.is_set()


def test_registering_tells_it_once(person: Person, now: datetime, published: Published) -> None:
    assert register(person, now)
    assert not register(person, now + timedelta(days=1))
    person.refresh_from_db()
    assert (person.full_name, person.username, person.language, person.registered_at) == ("Ana", "ana", "es", now)
    assert published(person.pk) == [("user.registered", {"language": "es", "referrer": None})]


def test_registering_again_takes_the_present_names_and_leaves_the_language(
    person: Person, now: datetime, published: Published
) -> None:
    register(person, now, last_name="Ruiz")
    register(person, now, first_name="Eva", last_name=None, username="eva", language_code="ru")
    person.refresh_from_db()
    assert (person.full_name, person.username, person.language) == ("Eva", "eva", "es")
    fields = ["first_name", "last_name", "username"]
    assert published(person.pk)[1:] == [("user.profile_updated", {"fields": fields})]


def test_a_registration_carries_time_zone_and_key(person: Person, now: datetime) -> None:
    services.set_timezone(person_id=person.pk, timezone="Asia/Kathmandu", now=now)
    register(person, now, key="update:5:register")
    event = StoredEvent.objects.get(type="user.registered")
    assert (event.occurred_at, event.utc_offset_minutes) == (now, 345)
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id FROM event_key WHERE key = 'update:5:register'")
        assert cursor.fetchall() == [(event.event_id,)]


def test_hostile_names_are_stored_clean(person: Person, now: datetime) -> None:
    register(person, now, first_name="\0\ud800\u202eA" + "x" * 10_000, last_name="\x07", username="<script>")
    person.refresh_from_db()
    assert (person.first_name, person.last_name, person.username) == ("A" + "x" * 63, "", "")


def test_the_language_changes_once(person: Person, now: datetime, published: Published) -> None:
    assert services.set_language(person_id=person.pk, language="ru", now=now)
    assert not services.set_language(person_id=person.pk, language="ru", now=now)
    assert published(person.pk) == [("user.profile_updated", {"fields": ["language"]})]
    with pytest.raises(services.UnknownLanguage):
        services.set_language(person_id=person.pk, language="fr", now=now)


def test_the_time_zone_changes_once(person: Person, now: datetime, published: Published) -> None:
    assert services.set_timezone(person_id=person.pk, timezone="Europe/Madrid", now=now)
    assert not services.set_timezone(person_id=person.pk, timezone="Europe/Madrid", now=now)
    first = {"old": "UTC", "new": "Europe/Madrid", "counts_from": now.isoformat(), "skipped": [], "shortened": None}
    assert published(person.pk) == [("user.timezone_changed", first)]
    with pytest.raises(services.UnknownTimezone):
        services.set_timezone(person_id=person.pk, timezone="../../etc/passwd", now=now)


def test_a_later_change_counts_from_midnight_and_is_told_so(
    person: Person, now: datetime, published: Published
) -> None:
    services.set_timezone(person_id=person.pk, timezone="Europe/Madrid", now=now)
    assert services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now)
    midnight = datetime(2026, 11, 22, 23, tzinfo=UTC)
    later = {"counts_from": midnight.isoformat(), "skipped": [], "shortened": "2026-11-23"}
    assert published(person.pk)[1] == ("user.timezone_changed", {"old": "Europe/Madrid", "new": "Asia/Tokyo"} | later)
    person.refresh_from_db()
    assert (person.timezone, person.former_timezones[-1]) == ("Asia/Tokyo", ["Europe/Madrid", midnight.isoformat()])
    assert not services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now)
    assert services.set_timezone(person_id=person.pk, timezone="Europe/Madrid", now=now)
    person.refresh_from_db()
    assert person.clock.counts_from(now) is None


def test_whoever_chooses_what_was_guessed_has_chosen(person: Person, now: datetime, published: Published) -> None:
    assert not services.set_timezone(person_id=person.pk, timezone="UTC", now=now)
    assert published(person.pk) == []
    services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now)
    person.refresh_from_db()
    assert person.clock.zone_at(now) == "UTC"


def test_nothing_is_done_for_the_erased_and_the_unknown(person: Person, now: datetime) -> None:
    erase(person)
    for person_id in (person.pk, 10**12):
        with pytest.raises(services.PersonGone):
            services.set_language(person_id=person_id, language="ru", now=now)
        with pytest.raises(services.PersonGone):
            services.touch(person_id=person_id, occurred_at=now)
    assert services.find_or_add_person(telegram_id=4242, now=now) != person.pk


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize(
    ("code", "zone"), [("ru", "Europe/Moscow"), ("en", "UTC"), ("es-CO", "America/Bogota"), (None, "UTC")]
)
def test_the_zone_is_guessed_once_and_the_first_choice_counts_at_once(
    person: Person, now: datetime, code: str | None, zone: str, bulk: bool
) -> None:
    if bulk:
        newcomer = services.Newcomer(person.telegram_id or 0, "Ana", language_code=code or "")
        services.register_many(newcomers=[newcomer], now=now)
    else:
        register(person, now, language_code=code)
    person.refresh_from_db()
    assert (person.timezone, person.has_chosen_timezone, person.former_timezones) == (zone, False, [])
    register(person, now, "again", language_code="pt-BR")
    person.refresh_from_db()
    assert person.timezone == zone
    services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now)
    person.refresh_from_db()
    assert (person.has_chosen_timezone, person.clock.counts_from(now)) == (True, None)
    services.set_timezone(person_id=person.pk, timezone="Asia/Almaty", now=now)
    person.refresh_from_db()
    assert person.clock.counts_from(now) is not None, "a later choice counts from midnight"


def test_whoever_was_there_before_keeps_the_dates_that_have_begun(person: Person, now: datetime) -> None:
    services.act(person_id=person.pk, occurred_at=now, key_prefix="k", events=lambda _local: [])
    register(person, now, language_code="es-CO")
    person.refresh_from_db()
    assert (person.timezone, [name for name, _until in person.former_timezones]) == ("America/Bogota", ["UTC"])
    assert person.clock.local(now + timedelta(minutes=1)).date() >= (person.last_active_date or now.date())
    services.set_timezone(person_id=person.pk, timezone="Asia/Tokyo", now=now + timedelta(hours=1))
    person.refresh_from_db()
    moments = [now + timedelta(minutes=minutes) for minutes in (-1, 30, 61)]
    assert [person.clock.zone_at(moment) for moment in moments] == ["UTC", "America/Bogota", "Asia/Tokyo"]


def test_a_choice_of_a_release_that_knows_no_guess_stays_one(person: Person, now: datetime) -> None:
    Person.objects.filter(pk=person.pk).update(timezone="Asia/Tokyo")
    person.refresh_from_db()
    assert person.has_chosen_timezone
