"""Publishing: in a transaction or not at all, once for each key, and only what can be stored."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, transaction
from hypothesis import given
from hypothesis import strategies as st

from diana import clock
from diana.events import Envelope, Publication, publish, publish_many, publishing
from diana.events.envelope import EPOCH
from diana.events.identifiers import time_of, uuid7
from diana.events.lanes import LANES, lane_of
from diana.events.log import read_events
from diana.events.models import StoredEvent
from diana.events.publishing import OutsideTransaction
from diana.events.waker import Waker
from tests.events.conftest import Register
from tests.events.declared import Followed, Happened
from tests.events.people import ANNA, drain
from tests.events.racing import alongside, together


def stored() -> list[int]:
    """Return the numbers in the log, in its order."""
    return [envelope.event.number for envelope in envelopes()]


def envelopes() -> list[Envelope]:
    """Return what the tests have published, in the order of the log."""
    return read_events(list(StoredEvent.objects.filter(type__startswith="test.").values_list("id", flat=True)))


def ignore(envelope: Envelope) -> None:
    """Handle anything by doing nothing."""


# Transactions


def test_it_refuses_to_publish_outside_a_transaction(committed_db: str):
    with pytest.raises(OutsideTransaction, match=r"transaction\.atomic"):
        publish(Happened(number=1))
    assert stored() == []


def test_it_leaves_nothing_of_an_act_that_was_rolled_back(
    committed_db: str, register: Register, monkeypatch: pytest.MonkeyPatch
):
    notified: list[object] = []
    monkeypatch.setattr(Waker, "notify", lambda self, wakes: notified.append(wakes))
    register(ignore)
    for number, fails in ((1, True), (2, False)):
        with transaction.atomic():
            publish(Happened(number=number), idempotency_key="k")
            transaction.set_rollback(fails)
    assert (stored(), len(notified)) == ([2], 1)


@pytest.mark.django_db
def test_it_writes_many_in_their_order():
    publish_many([Publication(event=Happened(number=number)) for number in range(100)])
    assert stored() == list(range(100))


@pytest.mark.django_db
def test_it_writes_nothing_for_nothing():
    assert publish_many([]) == []


# Idempotency keys


@pytest.mark.django_db
def test_it_publishes_a_key_once_within_a_transaction():
    first = publish(Happened(number=1), idempotency_key="k")
    second = publish(Happened(number=2), idempotency_key="k")
    assert (second.event_id, second.event.number, stored()) == (first.event_id, 1, [1])


@pytest.mark.django_db
def test_it_publishes_a_key_once_within_one_call():
    publications = [Publication(event=Happened(number=n), idempotency_key="k") for n in (1, 2)]
    both = publish_many([*publications, Publication(event=Happened(number=3))])
    assert [e.event.number for e in both] == [1, 1, 3]
    assert stored() == [1, 3]


def test_it_returns_the_first_event_of_a_key_later(committed_db: str):
    with transaction.atomic():
        first = publish(Happened(number=1, user_id=ANNA), idempotency_key="k")
    with transaction.atomic():
        second = publish(Happened(number=2), idempotency_key="k")
    assert second.position > 0
    assert (second.event_id, second.event) == (first.event_id, Happened(number=1, user_id=ANNA))


def test_it_waits_for_another_publisher_of_the_key_and_returns_its_event(committed_db: str):
    published, may_commit = threading.Event(), threading.Event()
    first: list[Envelope] = []

    def early() -> None:
        with transaction.atomic():
            first.append(publish(Happened(number=1), idempotency_key="k"))
            published.set()
            assert may_commit.wait(10)

    with alongside(early):
        assert published.wait(10)
        threading.Timer(0.05, may_commit.set).start()
        with transaction.atomic():
            second = publish(Happened(number=2), idempotency_key="k")
    assert (second.event_id, stored()) == (first[0].event_id, [1])


def publish_in_opposite_order(rounds: int, keys: int) -> bool:
    """Publish the same keys from two threads in opposite order, some times; say whether they ever deadlocked."""
    ready = threading.Barrier(2)

    def publisher(each: int, step: int) -> Callable[[], bool]:
        publications = [Publication(event=Happened(), idempotency_key=f"{each}/{k:05}") for k in range(keys)][::step]

        def act() -> bool:
            ready.wait(10)
            try:
                with transaction.atomic():
                    publish_many(publications)
            except OperationalError as error:
                return isinstance(error.__cause__, psycopg.errors.DeadlockDetected)
            return False

        return act

    return any(any(together(publisher(each, 1), publisher(each, -1))) for each in range(rounds))


def test_it_does_not_deadlock_on_keys_in_opposite_order(committed_db: str):
    assert not publish_in_opposite_order(3, 1500)
    assert StoredEvent.objects.count() == 3 * 1500


def test_it_would_deadlock_if_the_keys_were_not_sorted(committed_db: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publishing, "sorted", list, raising=False)
    assert publish_in_opposite_order(20, 1500)


# Cause and time


def test_it_begins_a_correlation_of_its_own_outside_handlers(committed_db: str):
    with transaction.atomic():
        envelope = publish(Happened(user_id=ANNA))
    assert (envelope.correlation_id, envelope.causation_id) == (envelope.event_id, None)
    assert (envelope.key, envelope.user_id, envelope.utc_offset_minutes) == (str(ANNA), ANNA, 0)


@pytest.mark.django_db
def test_it_carries_cause_correlation_and_time_through_handlers(register: Register):
    def follow(envelope: Envelope) -> None:
        publish(Followed(user_id=ANNA, number=envelope.event.number + 1))

    def follow_further(envelope: Envelope) -> None:
        publish(Happened(number=99, user_id=None))

    first, second = register(follow), register(follow_further, "test.followed")
    moment = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
    publish(Happened(user_id=ANNA, number=1), occurred_at=moment, utc_offset_minutes=180)
    drain(first)
    drain(second)
    cause, effect, last = envelopes()
    assert [e.correlation_id for e in (effect, last)] == [cause.event_id] * 2
    assert [e.causation_id for e in (cause, effect, last)] == [None, cause.event_id, effect.event_id]
    assert {e.occurred_at for e in (cause, effect, last)} == {moment}
    assert last.local_time.isoformat() == "2026-01-03T02:30:00+03:00"
    assert last.key == "system"


@pytest.mark.django_db
def test_it_takes_a_cause_that_is_named():
    cause = publish(Happened(number=1), occurred_at=datetime(2026, 1, 2, tzinfo=UTC))
    [effect] = publish_many([Publication(event=Followed(), cause=cause)])
    assert (effect.causation_id, effect.occurred_at) == (cause.event_id, cause.occurred_at)


@pytest.mark.django_db
@given(moment=st.integers(0, 2**52))
def test_it_keeps_the_time_of_the_act_to_the_microsecond(moment: int):
    occurred_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
    with transaction.atomic():
        envelope = publish(Happened(), occurred_at=occurred_at)
        assert envelope.occurred_at == occurred_at
        assert envelopes()[-1].occurred_at == envelope.occurred_at


# Identifiers and lanes


def test_it_makes_identifiers_of_version_7():
    made = [uuid7() for _ in range(1000)]
    assert {(u.version, u.variant) for u in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 1000


@given(
    times=st.lists(
        st.integers(0, 2**57).map(lambda value: EPOCH + timedelta(microseconds=value)), min_size=2, max_size=50
    )
)
def test_it_sorts_identifiers_by_the_millisecond(times: list[datetime]):
    with pytest.MonkeyPatch.context() as patch:
        made = []
        for moment in times:
            patch.setattr(clock, "real_now", lambda moment=moment: moment)
            made.append((moment.replace(microsecond=moment.microsecond // 1000 * 1000), uuid7()))
    assert [moment for moment, _ in sorted(made, key=lambda pair: pair[1])] == sorted(moment for moment, _ in made)
    assert [time_of(identifier) for _, identifier in made] == [moment for moment, _ in made]


def test_it_reads_no_time_from_an_identifier_of_another_version_or_from_beyond_the_calendar():
    assert [time_of(UUID(int=value)) for value in (0, (2**48 - 1) << 80 | 0x7 << 76 | 0x2 << 62)] == [None, None]


# What waits in logs of old is in these lanes.
KNOWN_LANES = {"system": 11, "1": 7, "2": 13, "42": 8, "1000000": 13, "игрок": 13}


def test_it_keeps_lanes_stable():
    assert {key: lane_of(key) for key in KNOWN_LANES} == KNOWN_LANES
    assert LANES == 16


def test_it_fills_the_lanes_evenly():
    counts = [0] * LANES
    for user_id in range(16_000):
        counts[lane_of(str(user_id))] += 1
    assert min(counts) > 800
    assert max(counts) < 1200
