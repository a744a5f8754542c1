"""Isolation: a bad event costs itself, a bad minute costs nobody, a broken handler stops."""

from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from diana.events import Envelope, isolation
from diana.events.drain import drain_lane
from diana.events.models import Cursor, Failure
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Notes, Numbers, Register
from tests.events.people import ANNA, LANE, drain, of_one_lane, publish_numbers, publish_pairs

# Nothing that failed becomes due before a test says so.
pytestmark = pytest.mark.usefixtures("still_clock")


class Poison(ValueError):
    """What a handler raises at an event that it cannot handle."""


def position_of(subscriber: Subscriber) -> int:
    return Cursor.objects.get(subscriber=subscriber.name, lane=LANE).position


# Bisection


class Careful:
    """A batch handler that notes every number, and fails after it has noted a poisonous one."""

    __name__ = "careful"

    def __init__(self, notes: Notes, poison: set[int]) -> None:
        self.notes, self.poison, self.calls = notes, poison, 0

    def __call__(self, envelopes: Sequence[Envelope]) -> None:
        self.calls += 1
        for envelope in envelopes:
            self.notes.add(envelope.fields["number"])
            if envelope.fields["number"] in self.poison:
                raise Poison(envelope.fields["number"])


def test_it_isolates_the_culprits_and_commits_the_others(notes: Notes, register: Register):
    handler = Careful(notes, {13, 57})
    subscriber = register(handler, batch=True)
    envelopes = publish_numbers(range(64))
    assert drain(subscriber) == 62
    assert notes.all() == [n for n in range(64) if n not in (13, 57)]
    failed = Failure.objects.order_by("position")
    assert [(f.status, f.attempts, f.type) for f in failed] == [("retrying", 1, "test.happened")] * 2
    assert failed[1].position - failed[0].position == 57 - 13
    assert failed[0].error == "Poison: 13"
    assert failed[0].key == envelopes[0].key


def test_it_finds_culprits_by_halves_and_not_one_by_one(notes: Notes, register: Register):
    handler = Careful(notes, {13})
    subscriber = register(handler, batch=True)
    publish_numbers(range(64))
    drain(subscriber)
    # once as a whole, then by halves
    assert handler.calls <= 1 + 1 + 2 * 6


def test_it_rolls_back_what_a_failing_event_has_written(notes: Notes, register: Register):
    def half_way(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])
        if envelope.fields["number"] == 2:
            raise Poison

    subscriber = register(half_way)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    assert notes.all() == [1, 3]


def test_it_would_keep_half_an_effect_without_the_savepoint(
    notes: Notes, register: Register, monkeypatch: pytest.MonkeyPatch
):
    def half_way(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])
        if envelope.fields["number"] == 2:
            raise Poison

    def attempt_without_savepoint(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> Exception | None:
        try:
            subscriber.handle(envelopes)
        except Poison as error:
            return error
        return None

    subscriber = register(half_way)
    envelopes = publish_numbers([2])
    monkeypatch.setattr(isolation, "attempt", attempt_without_savepoint)
    with transaction.atomic():
        isolation.handle_isolated(subscriber, envelopes, set(), {})
    assert notes.all() == [2]


# Deferred constraints


def noting(notes: Notes):
    """Return a handler that notes each number; the same number twice is refused, but only at the end."""

    def note(envelope: Envelope) -> None:
        notes.add(envelope.fields["number"])

    return note


def test_it_charges_a_deferred_constraint_to_the_event_that_breaks_it(notes: Notes, register: Register):
    subscriber = register(noting(notes))
    publish_numbers([1, 2, 1, 3])
    assert drain(subscriber) == 3
    assert notes.all() == [1, 2, 3]
    assert Failure.objects.get().error.startswith("IntegrityError: duplicate key")


def test_it_keeps_constraints_deferred_within_one_event(notes: Notes, register: Register):
    def note_twice_and_repent(envelope: Envelope) -> None:
        notes.add(1)
        notes.add(1)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM note WHERE id = (SELECT max(id) FROM note)")

    subscriber = register(note_twice_and_repent, where={"number": 7})
    publish_numbers([6, 7])
    assert drain(subscriber) == 1
    assert notes.all() == [1]


def test_it_would_stand_still_at_a_deferred_constraint_that_is_not_checked_in_time(
    notes: Notes, register: Register, monkeypatch: pytest.MonkeyPatch
):
    def attempt_unchecked(subscriber: Subscriber, envelopes: Sequence[Envelope]) -> Exception | None:
        with transaction.atomic():
            subscriber.handle(envelopes)
        return None

    subscriber = register(noting(notes))
    before = position_of(subscriber)
    publish_numbers([1, 2, 1, 3])
    monkeypatch.setattr(isolation, "attempt", attempt_unchecked)
    for _ in range(2):
        with pytest.raises(IntegrityError):
            drain(subscriber)
    assert (notes.all(), position_of(subscriber)) == ([], before)


# Whose fault it is

TRANSIENT = ["40001", "40P01", "53100", "53300", "55P03", "57014", "57P01", "58030"]
CHARGED = ["23505", "22012", "42P01", "P0001"]


def raising(codes: list[str]):
    """Return a handler that lets the database raise the first of these codes, and works when none is left."""

    def unlucky(envelope: Envelope) -> None:
        if codes:
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'unlucky' USING ERRCODE = '{codes.pop()}'; END $$")

    return unlucky


@pytest.mark.django_db
@pytest.mark.parametrize("code", TRANSIENT)
def test_it_charges_a_transient_error_to_nobody(register: Register, code: str):
    subscriber = register(raising([code]))
    before = position_of(subscriber)
    publish_numbers([1, 2])
    with pytest.raises(DatabaseError, match="unlucky"):
        drain(subscriber)
    assert (Failure.objects.count(), position_of(subscriber)) == (0, before)
    assert drain(subscriber) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("code", CHARGED)
def test_it_charges_any_other_error_to_the_event(register: Register, code: str):
    subscriber = register(raising([code]))
    publish_numbers([1])
    assert drain(subscriber) == 0
    assert Failure.objects.get().attempts == 1


def test_it_charges_a_lost_connection_to_nobody(
    committed_db: str, register: Register, numbers: Numbers, superuser: psycopg.Connection
):
    victims = [True]

    def cut_off(envelope: Envelope) -> None:
        if victims:
            victims.clear()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [cursor.fetchone()[0]])
                cursor.execute("SELECT 1")
        numbers(envelope)

    subscriber = register(cut_off)
    publish_numbers([1, 2])
    with pytest.raises(DatabaseError):
        drain(subscriber)
    connection.close()
    assert drain(subscriber) == 2
    assert numbers == [1, 2]
    assert not Failure.objects.exists()


# A handler that fails whatever it is given


def broken(envelope: Envelope) -> None:
    raise Poison


def publish_for_many() -> None:
    publish_pairs((user_id, 1) for user_id in of_one_lane(8))


@pytest.mark.django_db
def test_it_pauses_a_handler_that_fails_at_everyone_and_charges_nobody(register: Register):
    subscriber = register(broken)
    before = position_of(subscriber)
    publish_for_many()
    assert drain(subscriber) == 0
    cursor = Cursor.objects.get(subscriber=subscriber.name, lane=LANE)
    assert (cursor.position, cursor.pauses, Failure.objects.count()) == (before, 1, 0)
    assert cursor.paused_until is not None


@pytest.mark.django_db
def test_it_would_fill_the_failures_table_without_the_pause(register: Register, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(isolation, "SYSTEMIC_KEYS", 1_000)
    subscriber = register(broken)
    publish_for_many()
    drain(subscriber)
    assert Failure.objects.count() == 8


@pytest.mark.django_db
def test_it_tries_a_paused_lane_again_and_counts_its_pauses(register: Register, still_clock: Clock):
    subscriber = register(broken)
    publish_for_many()
    for pauses in (1, 2, 3):
        Cursor.objects.update(paused_until=still_clock.real_now())
        drain(subscriber)
        assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).pauses == pauses
        Cursor.objects.update(paused_until=still_clock.real_now() + timedelta(seconds=1))
        drain(subscriber)
        assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).pauses == pauses


@pytest.mark.django_db
def test_it_handles_everything_in_order_once_the_handler_is_mended(register: Register, numbers: Numbers):
    ill = [True]

    def mended_later(envelope: Envelope) -> None:
        if ill:
            raise Poison
        numbers(envelope)

    subscriber = register(mended_later)
    publish_pairs(pairs := list(zip(of_one_lane(8), range(8), strict=True)))
    drain(subscriber)
    ill.clear()
    Cursor.objects.update(paused_until=None)
    assert drain(subscriber) == len(pairs)
    assert numbers == list(range(8))
    assert Cursor.objects.get(subscriber=subscriber.name, lane=LANE).pauses == 0


@pytest.mark.django_db
def test_it_asks_nobody_to_look_at_a_paused_lane_again(register: Register):
    subscriber = register(broken)
    publish_for_many()
    assert drain_lane(subscriber, LANE).above is None
    assert drain_lane(subscriber, LANE).above is None
    Cursor.objects.update(paused_until=None, position=F("position") + 8)
    assert drain_lane(subscriber, LANE) == (0, False, None, [])


@pytest.mark.django_db
def test_it_charges_the_events_when_some_succeed(register: Register):
    def picky(envelope: Envelope) -> None:
        if envelope.key != str(ANNA):
            raise Poison

    subscriber = register(picky)
    publish_for_many()
    assert drain(subscriber) == 1
    assert Failure.objects.count() == 7


@pytest.mark.django_db
def test_it_never_pauses_for_longer_than_a_minute(register: Register, still_clock: Clock):
    subscriber = register(broken)
    publish_for_many()
    Cursor.objects.update(pauses=900)
    drain(subscriber)
    paused_until = Cursor.objects.get(subscriber=subscriber.name, lane=LANE).paused_until
    assert paused_until <= still_clock.real_now() + timedelta(minutes=2)
