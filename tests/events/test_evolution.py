"""Evolution: old events are read in their present shape, and events of newer code are left for newer code."""

from typing import Any

import msgspec
import psycopg
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from diana.events import Envelope, Event, catalogue, declaration_checks, evolution, publish, relay, upcaster
from diana.events.evolution import MissingUpcaster, NewerVersion
from diana.events.identifiers import uuid7
from diana.events.models import Cursor, Delivery, Failure
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Numbers, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, BORIS, LANE, drain

TYPE = "evolving.scored"


class Scored(Event, type=TYPE, version=3):
    """Somebody scored. At first points were called score, and in version 2 nobody said what for."""

    points: int
    reason: str


@upcaster(TYPE, from_version=1)
def name_points(fields: dict[str, Any]) -> dict[str, Any]:
    """Call score points."""
    return {"points": fields["score"]}


@upcaster(TYPE, from_version=2)
def add_reason(fields: dict[str, Any]) -> dict[str, Any]:
    """Say that the reason is not known."""
    return fields | {"reason": ""}


def envelope(version: int, payload: str, event_type: str = TYPE) -> Envelope:
    """Return an envelope as it stands in the log."""
    return Envelope(1, uuid7(), event_type, version, str(ANNA), ANNA, 0, 0, uuid7(), None, payload)


def write(application: psycopg.Connection, version: int, payload: str, person: int = ANNA) -> None:
    """Write an event of another version, as other code would."""
    application.execute(
        "INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes,"
        " correlation_id, payload) VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, now(), 0, gen_random_uuid(), %s)",
        [TYPE, version, LANE, str(person), person, payload],
    )
    application.commit()


class Points(list[int]):
    """A handler that remembers the points it was told of."""

    __name__ = __qualname__ = "points"

    def __call__(self, event: Envelope) -> None:
        self.append(event.fields["points"])


@pytest.fixture
def points() -> Points:
    return Points()


@pytest.fixture
def subscriber(committed_db: str, register: Register, points: Points) -> Subscriber:
    """A subscriber that remembers points."""
    return register(points, TYPE)


# Reading


@pytest.mark.parametrize(
    ("version", "payload", "reason"),
    [(1, '{"score":5}', ""), (2, '{"points":5}', ""), (3, '{"points":5,"reason":"fun"}', "fun")],
)
def test_it_reads_every_version_in_its_present_shape(version: int, payload: str, reason: str):
    event = envelope(version, payload)
    assert event.fields == {"points": 5, "reason": reason}
    assert event.event == Scored(user_id=ANNA, points=5, reason=reason)
    assert event.payload == payload, "what was written stays as it is"


@given(score=st.integers(-(2**63), 2**63 - 1))
def test_it_composes_the_steps(score: int):
    assert evolution.upcast(TYPE, 1, {"score": score}) == add_reason(name_points({"score": score}))


def test_it_opens_a_sealed_payload_of_an_old_version():
    sealed = envelope(1, '{"score":5}').sealed()
    assert sealed.fields == {"points": 5, "reason": ""}


def test_it_leaves_the_fields_of_a_type_without_a_class_alone():
    assert envelope(9, '{"a":1}', "evolving.retired").fields == {"a": 1}


def test_it_refuses_to_guess_at_a_version_of_newer_code():
    event = envelope(4, '{"points":5}')
    for read in (lambda: event.fields, lambda: event.event):
        with pytest.raises(NewerVersion, match="in version 4, this code knows 3: deploy the newer code"):
            read()


def test_it_says_which_step_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(evolution._steps, (TYPE, 2))
    with pytest.raises(MissingUpcaster, match="no upcaster leads from version 2 to 3"):
        _ = envelope(1, '{"score":5}').fields


def test_it_writes_the_present_version(db: None):
    assert publish(Scored(points=1, reason="fun")).version == 3


# Handling


def test_it_hands_out_old_and_new_events_alike(application: psycopg.Connection, subscriber: Subscriber, points: Points):
    write(application, 1, '{"score":1}')
    write(application, 2, '{"points":2}')
    with transaction.atomic():
        publish(Scored(user_id=ANNA, points=3, reason="fun"))
    drain(subscriber)
    assert points == [1, 2, 3]


def test_it_charges_an_old_event_that_no_step_can_read_and_goes_on(
    application: psycopg.Connection, subscriber: Subscriber, points: Points
):
    write(application, 1, '{"sorce":1}')
    write(application, 1, '{"score":2}', BORIS)
    drain(subscriber)
    assert (points, Failure.objects.get().error) == ([2], "KeyError: 'score'")


def test_it_filters_by_present_fields(
    application: psycopg.Connection, committed_db: str, register: Register, points: Points
):
    subscriber = register(points, TYPE, where={"points": 5})
    write(application, 1, '{"score":5}')
    write(application, 1, '{"score":6}')
    assert [found.wanted is not None for found in relay.behind(subscriber)] == [True], "the relay must not pass it over"
    drain(subscriber)
    assert (points, relay.behind(subscriber)) == ([5], [])


# Events of newer code


def test_it_holds_the_lane_at_a_version_of_newer_code(
    application: psycopg.Connection, subscriber: Subscriber, points: Points, monkeypatch: pytest.MonkeyPatch
):
    write(application, 4, '{"points":1,"reason":"","kind":"new"}')
    write(application, 1, '{"score":2}')
    for _ in range(2):
        with pytest.raises(NewerVersion, match="deploy the newer code"):
            drain(subscriber)
    assert (points, Failure.objects.count()) == ([], 0)
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).position < 3

    # What the newer code knows:
    monkeypatch.setitem(catalogue.versions, TYPE, 4)
    monkeypatch.setitem(evolution._steps, (TYPE, 3), lambda fields: fields | {"kind": "old"})
    drain(subscriber)
    assert points == [1, 2]


def test_it_would_pass_over_it_unchecked(
    application: psycopg.Connection, committed_db: str, register: Register, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []

    def count(event: Envelope) -> None:
        seen.append(event.version)

    subscriber = register(count, TYPE)
    write(application, 4, "{}")
    monkeypatch.setattr(evolution, "refuse_newer", lambda _: None)
    drain(subscriber)
    assert seen == [4]


def test_it_does_not_hold_a_lane_for_versions_of_types_that_are_not_its_own(
    application: psycopg.Connection, committed_db: str, register: Register, numbers: Numbers
):
    subscriber = register(numbers)
    write(application, 4, "{}")
    with transaction.atomic():
        publish(Happened(user_id=ANNA, number=1))
    drain(subscriber)
    assert numbers == [1]


def test_it_charges_no_retry_to_an_event_of_newer_code(
    application: psycopg.Connection, subscriber: Subscriber, still_clock: Clock
):
    write(application, 4, "{}")
    position = Cursor.objects.get(subscriber=subscriber.name, lane=LANE).position + 1
    failure = Failure.objects.create(
        subscriber=subscriber.name, lane=LANE, position=position, key=str(ANNA), type=TYPE, status="retrying",
        attempts=1, next_attempt_at=still_clock.real_now(),
    )  # fmt: skip
    with pytest.raises(NewerVersion):
        drain(subscriber)
    failure.refresh_from_db()
    assert (failure.status, failure.attempts) == ("retrying", 1)


def test_it_gives_up_no_delivery_of_newer_code(
    application: psycopg.Connection, committed_db: str, register: Register, points: Points, settings: Any
):
    settings.EVENTS_MAX_ATTEMPTS = 1
    subscriber = register(points, TYPE, external=True)
    write(application, 4, "{}")
    position = Cursor.objects.get(subscriber=subscriber.name, lane=LANE).position + 1
    Cursor.objects.filter(subscriber=subscriber.name).update(position=position)
    Delivery.objects.create(subscriber=subscriber.name, lane=LANE, position=position, key=str(ANNA))
    drain(subscriber)
    assert (Delivery.objects.get().attempts, Failure.objects.count()) == (1, 0)


# What is found at start


def found() -> list[tuple[str | None, str]]:
    return [(message.id, message.msg) for message in declaration_checks.check_versions()]


def test_it_finds_nothing_wrong_with_a_whole_chain():
    assert found() == []


def test_it_finds_a_gap(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(evolution._steps, (TYPE, 1))
    assert found() == [("events.E023", f"{TYPE}: no upcaster leads from version 1 to 2.")]


@pytest.mark.parametrize(
    ("event_type", "version", "message"),
    [
        ("evolving.scoerd", 1, "leads from version 1 of evolving.scoerd, an unknown type."),
        (TYPE, 3, f"leads from version 3 of {TYPE}, whose class has version 3."),
        (TYPE, 0, f"leads from version 0 of {TYPE}, whose class has version 3."),
    ],
)
def test_it_finds_an_upcaster_that_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, event_type: str, version: int, message: str
):
    monkeypatch.setitem(evolution._steps, (event_type, version), add_reason)
    [(id_, text)] = found()
    assert (id_, text) == ("events.E024", f"The upcaster add_reason {message}")


def test_it_finds_a_retired_type_that_came_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue, "RETIRED", frozenset({TYPE, "evolving.gone"}))
    assert found() == [("events.E025", f"The type {TYPE} is retired and has a class.")]


def test_it_refuses_two_upcasters_for_one_step():
    with pytest.raises(TypeError, match="from version 1 already: name_points"):
        upcaster(TYPE, from_version=1)(add_reason)
    assert upcaster(TYPE, from_version=1)(name_points) is name_points


def test_it_refuses_an_old_payload_under_the_present_version():
    with pytest.raises(catalogue.InvalidEvent):
        _ = envelope(3, msgspec.json.encode({"score": 5}).decode()).event
