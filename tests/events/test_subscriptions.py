"""Subscriptions: what patterns mean, which mistakes are found at start, and who may move a cursor."""

import re
from collections.abc import Callable

import psycopg
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from diana.events import Envelope, catalogue, checks, cursors, log, publish, release, subscribe, subscriptions
from diana.events.lanes import LANES
from diana.events.models import Cursor, Delivery, Failure
from tests.events.conftest import Numbers, Register
from tests.events.declared import Elsewhere, Happened
from tests.events.people import ANNA, LANE, drain, publish_numbers

# Patterns

NAMES = st.sampled_from(["a", "b", "ab"])
PATTERNS = st.lists(st.one_of(NAMES, st.sampled_from(["*", "#"])), min_size=1, max_size=6)
TYPES = st.lists(NAMES, min_size=1, max_size=6)
AS_REGEX = {"*": r"[^.]+\.", "#": r"(?:[^.]+\.)*"}


@given(pattern=PATTERNS, event_type=TYPES)
def test_it_matches_as_a_regular_expression_would(pattern: list[str], event_type: list[str]):
    regex = "".join(AS_REGEX.get(segment, re.escape(segment) + r"\.") for segment in pattern)
    expected = re.fullmatch(regex, "".join(f"{segment}." for segment in event_type)) is not None
    assert catalogue.matches(".".join(pattern), ".".join(event_type)) == expected


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("test.happened", ["test.happened"]),
        ("test.*", ["test.followed", "test.happened"]),
        ("*.elsewhere.*", ["test.elsewhere.happened"]),
        ("test.#.happened", ["test.elsewhere.happened", "test.happened"]),
        ("test.#", ["test.elsewhere.happened", "test.followed", "test.happened"]),
        ("test", []),
    ],
)
def test_it_wants_the_known_types_that_its_patterns_name(register: Register, pattern: str, wanted: list[str]):
    subscriber = register(ignore, pattern, cursors=False)
    assert [t for t in subscriber.types if t != "test.rich"] == wanted


def ignore(envelope: Envelope) -> None:
    """Handle anything by doing nothing."""


@pytest.mark.django_db
def test_it_hands_out_only_events_with_the_fields_asked_for(register: Register, numbers: Numbers):
    subscriber = register(numbers, where={"text": "yes"})
    for number, text in ((1, "no"), (2, "yes"), (3, "")):
        publish(Happened(user_id=ANNA, number=number, text=text))
    drain(subscriber)
    assert numbers == [2]


# What is found at start


def found() -> list[str | None]:
    return [message.id for message in checks.check_subscriptions()]


def test_it_finds_nothing_wrong_with_what_is_right(register: Register):
    register(ignore, "test.*", cursors=False)
    assert found() == []


def test_it_finds_two_handlers_of_one_name(register: Register):
    register(ignore, name="test.same", cursors=False)
    subscribe("test.happened", name="test.same")(print)
    assert found() == ["events.E001"]


def test_it_accepts_the_same_handler_twice(register: Register):
    register(ignore, name="test.same", cursors=False)
    subscribe("test.happened", name="test.same")(ignore)
    assert found() == []


def test_it_finds_a_pattern_that_matches_nothing(register: Register):
    register(ignore, "test.happened", "test.hapened", cursors=False)
    assert found() == ["events.E002"]


def test_it_finds_a_field_that_no_event_has(register: Register):
    register(ignore, where={"numbre": 1}, cursors=False)
    assert found() == ["events.E003"]


def test_it_finds_a_batch_that_would_go_outside(register: Register):
    register(ignore, batch=True, external=True, cursors=False)
    assert found() == ["events.E004"]


@pytest.mark.parametrize("production", [False, True])
def test_it_finds_an_application_that_owns_its_tables(settings, production: bool):
    assert checks.check_roles() == []
    settings.PRODUCTION = production
    settings.DATABASE_ROLES = {settings.DATABASES["owner"]["USER"]: ("app",)}
    [message] = checks.check_roles()
    assert (message.id, message.is_serious()) == ("events.E005", production)


def test_it_finds_a_log_with_another_number_of_lanes(superuser: psycopg.Connection):
    assert checks.check_lanes() == []
    superuser.execute("UPDATE event_parameter SET value = '32' WHERE name = 'lanes'")
    assert [message.id for message in checks.check_lanes()] == ["events.E006"]


# Other code


def deploy(register: Register, function: Callable[..., object], *patterns: str, **options: object):
    """Register other code under the name, as another version of the program would; its cursors stay."""
    return register(function, *patterns, name="test.numbers", cursors=False, **options)


@pytest.mark.django_db
def test_it_keeps_other_code_from_moving_a_cursor(register: Register, numbers: Numbers):
    register(numbers)
    publish_numbers([1])
    with pytest.raises(cursors.UnknownCursor, match=r"run manage\.py sync_subscribers"), transaction.atomic():
        drain(deploy(register, numbers, "test.*"))
    assert numbers == []


@pytest.mark.django_db
def test_it_would_lose_events_if_other_code_could(register: Register, numbers: Numbers):
    wide, narrow = register(numbers, "test.#"), deploy(register, numbers)
    publish(Elsewhere(user_id=ANNA, number=1))
    publish_numbers([2])
    narrow.fingerprint = wide.fingerprint
    drain(narrow)
    assert numbers == [2]


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"where": {"number": 1}}, {"where": {"number": "1"}}])
def test_it_takes_other_fields_for_another_subscription(register: Register, numbers: Numbers, options):
    assert register(numbers).fingerprint != deploy(register, numbers, **options).fingerprint


@pytest.mark.django_db
def test_it_refuses_a_subscriber_without_cursors(register: Register, numbers: Numbers):
    with pytest.raises(cursors.UnknownCursor, match="no cursor"), transaction.atomic():
        drain(register(numbers, cursors=False))


# The release step


@pytest.mark.django_db
def test_it_creates_cursors_at_the_end_of_the_log_once(register: Register, numbers: Numbers):
    publish_numbers([1])
    subscriber = register(numbers, cursors=False)
    assert release.sync().created == {subscriber.name: LANES}
    assert not any(release.sync())


def test_it_begins_where_the_subscription_says(committed_db: str, register: Register):
    publish_numbers([1])
    from_now, from_the_beginning = Numbers(), Numbers()
    late = register(from_now, name="test.late")
    early = register(from_the_beginning, name="test.early", start="beginning")
    publish_numbers([2])
    drain(late)
    drain(early)
    assert (from_now, from_the_beginning) == ([2], [1, 2])


@pytest.mark.django_db
def test_it_lets_the_new_code_move_the_cursors_after_the_release(register: Register, numbers: Numbers):
    register(numbers)
    publish_numbers([1])
    wider = deploy(register, numbers, "test.#")
    assert release.sync().updated == [wider.name]
    drain(wider)
    assert numbers == [1]


@pytest.mark.django_db
def test_it_refuses_cursors_that_are_nobodys(register: Register, numbers: Numbers):
    orphan = register(numbers)
    del subscriptions._subscribers[orphan.name]
    with pytest.raises(release.Orphans, match="--retire"):
        release.sync()
    assert release.sync(retire=[orphan.name]).retired == [orphan.name]
    assert not Cursor.objects.filter(subscriber=orphan.name).exists()


@pytest.mark.django_db
def test_it_renames_a_subscriber_with_all_that_is_its_own(register: Register, numbers: Numbers):
    old = register(numbers)
    publish_numbers([1])
    Failure.objects.create(subscriber=old.name, lane=LANE, position=1, status="retrying")
    Delivery.objects.create(subscriber=old.name, lane=LANE, position=2, key="7")
    del subscriptions._subscribers[old.name]
    new = register(numbers, name="test.new_name", cursors=False)
    assert not any(release.sync(rename={old.name: new.name}))
    drain(new)
    assert numbers == [1]
    for model in (Cursor, Failure, Delivery):
        assert not model.objects.filter(subscriber=old.name).exists()
        assert model.objects.filter(subscriber=new.name).exists()


# Types that the code does not know


def write_unknown(application: psycopg.Connection, event_type: str) -> None:
    """Write an event of a type that has no class, as newer code would."""
    application.execute(
        "INSERT INTO event_log (event_id, type, version, lane, key, occurred_at, utc_offset_minutes, correlation_id,"
        " payload) VALUES (gen_random_uuid(), %s, 1, %s, %s, now(), 0, gen_random_uuid(), '{}')",
        [event_type, LANE, str(ANNA)],
    )


def test_it_holds_the_lane_at_a_type_of_newer_code(
    application: psycopg.Connection, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    subscriber = register(numbers, "test.#")
    write_unknown(application, "test.of_tomorrow")
    publish_numbers([1])
    with pytest.raises(log.UnknownType, match=r"test\.of_tomorrow"):
        drain(subscriber)
    assert numbers == []
    monkeypatch.setattr(log, "unknown_types", lambda *_: [])
    drain(subscriber)
    assert numbers == [1], "unchecked, the cursor passes the event of tomorrow"


def test_it_passes_types_that_are_retired_or_not_its_own(
    application: psycopg.Connection, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(catalogue, "RETIRED", frozenset({"test.of_yesterday"}))
    subscriber = register(numbers, "test.#")
    write_unknown(application, "test.of_yesterday")
    write_unknown(application, "elsewhere.of_tomorrow")
    publish_numbers([1])
    drain(subscriber)
    assert numbers == [1]
