"""Replay: what has happened once more, in order, without a second effect, beside live work, killed and begun again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, transaction

from diana.events import Envelope, Permanent, Publication, Retry, isolation, log, publish, publish_many, replay, testing
from diana.events.history import NotSubscribed, Selection
from diana.events.lanes import LANES
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.replay import Replayed
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers, Register
from tests.events.declared import Elsewhere, Followed, Happened
from tests.events.people import ANNA, BORIS, LANE, drain, of_one_lane, publish_numbers, publish_pairs


def figures(result: Replayed) -> tuple[int, int, int, int, int]:
    """Return what a replay counted: handled, skipped, new effects, failed, live."""
    return (result.handled, result.skipped, result.new_effects, len(result.failed), result.live)


def note_each(envelopes: Sequence[Envelope]) -> None:
    """Publish what follows from each event, once: an effect of two rows, with a natural key."""
    publish_many(
        [
            Publication(event=Followed(number=e.fields["number"]), cause=e, idempotency_key=f"follows {e.position}")
            for e in envelopes
        ]
    )


def noted() -> list[int]:
    """Return what was noted, in the order in which it was."""
    return [
        e.event.number
        for e in log.read_events(list(StoredEvent.objects.filter(type="test.followed").values_list("id", flat=True)))
    ]


@pytest.fixture
def subscriber(db: None, register: Register, numbers: Numbers) -> Subscriber:
    """A subscriber that remembers numbers."""
    return register(numbers)


@pytest.fixture
def noting(db: None, register: Register) -> Subscriber:
    """A batch subscriber whose effects have natural keys."""
    return register(note_each, batch=True)


# What it does


def test_it_handles_everything_once_more_and_finds_no_new_effect(noting: Subscriber):
    publish_numbers(range(20))
    drain(noting)
    for _ in range(2):
        assert figures(replay.replay(noting)) == (20, 0, 0, 0, 0)
    assert noted() == list(range(20))


def test_new_effects_are_counted_by_the_database_and_not_by_the_handler(
    noting: Subscriber, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patched:
        patched.setattr(noting, "function", lambda envelopes: note_each([e for e in envelopes if e.event.number % 2]))
        publish_numbers(range(5))
        drain(noting)
    assert figures(replay.replay(noting)) == (5, 0, 6, 0, 0)
    assert noted() == [1, 3, 0, 2, 4]


def test_a_handler_without_natural_keys_is_found_out(db: None, register: Register):
    def follow(envelope: Envelope) -> None:
        publish(Followed(user_id=envelope.user_id, number=envelope.fields["number"]))

    follower = register(follow)
    publish_numbers([1, 2, 3])
    drain(follower)
    assert replay.replay(follower).new_effects == 3
    assert StoredEvent.objects.filter(type="test.followed").count() == 6


def test_a_rehearsal_says_what_would_change_and_changes_nothing(noting: Subscriber, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(noting, "function", lambda envelopes: None)
        publish_numbers(range(5))
        drain(noting)
    assert replay.replay(noting, rehearse=True).new_effects == 10
    assert noted() == []


def test_each_key_keeps_its_order_also_over_several_stretches(
    monkeypatch: pytest.MonkeyPatch, subscriber: Subscriber, numbers: Numbers
):
    monkeypatch.setattr(replay, "WINDOW_ROWS", 7)
    publish_pairs([(who, 10 * n + who % 10) for n in range(10) for who in (ANNA, BORIS)])
    drain(subscriber)
    live = list(numbers)
    numbers.clear()
    assert replay.replay(subscriber).handled == 20
    assert numbers == live


def test_neither_live_work_nor_a_retry_runs_beside_a_batch_in_its_lane(
    committed_db: str, register: Register, application: psycopg.Connection
):
    free: list[set[int]] = []

    def look(envelope: Envelope) -> None:
        query = "SELECT lane FROM event_cursor WHERE subscriber = %s FOR UPDATE SKIP LOCKED"
        free.append({lane for (lane,) in application.execute(query, [subscriber.name])})
        if envelope.fields["number"] == 2 and len(free) < 7:
            raise Retry(after=0)

    subscriber = register(look)
    publish_numbers([1, 2])
    drain(subscriber)
    assert (Failure.objects.get().status, len(free)) == ("done", 7), "the seventh look was a retry's"
    replay.replay(subscriber)
    assert free == [set(range(LANES)) - {LANE}] * len(free)
    assert len(free) == 9


def test_it_leaves_to_the_cursors_what_they_have_not_reached(subscriber: Subscriber, numbers: Numbers):
    publish_numbers([9], user_id=None)
    publish_numbers([1, 2])
    assert drain(subscriber) == 2, "the lane of the first stands still"
    publish_numbers([3, 4, 5])
    assert figures(replay.replay(subscriber)) == (2, 0, 0, 0, 4)
    assert numbers == [1, 2, 1, 2]
    testing.drain(subscriber.name)
    assert sorted(numbers) == [1, 1, 2, 2, 3, 4, 5, 9]


NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({"types": ("test.elsewhere.happened",)}, [3]),
        ({"user_id": BORIS}, [1]),
        ({"since": NOON + HOUR}, [1, 2, 3]),
        ({"until": NOON + HOUR}, [0, 1]),
        ({"since": NOON + HOUR, "until": NOON + 2 * HOUR, "user_id": ANNA}, [2]),
    ],
)
def test_it_takes_what_was_selected(
    db: None, register: Register, numbers: Numbers, selection: dict[str, Any], expected: list[int]
):
    subscriber = register(numbers, "test.happened", "test.elsewhere.happened")
    events = [
        Happened(user_id=ANNA, number=0),
        Happened(user_id=BORIS, number=1),
        Happened(user_id=ANNA, number=2),
        Elsewhere(user_id=ANNA, number=3),
    ]
    with transaction.atomic():
        publish_many([Publication(event=e, occurred_at=NOON + n * HOUR) for n, e in enumerate(events)])
    drain(subscriber)
    numbers.clear()
    replay.replay(subscriber, Selection(**selection))
    assert numbers == expected


def test_positions_include_both_ends(subscriber: Subscriber, numbers: Numbers):
    publish_numbers(range(5))
    drain(subscriber)
    numbers.clear()
    ids = list(StoredEvent.objects.filter(type="test.happened").order_by("id").values_list("id", flat=True))
    result = replay.replay(subscriber, Selection(from_position=ids[1], to_position=ids[3]))
    assert (numbers, result.position) == ([1, 2, 3], ids[3] + 1)


def test_it_refuses_a_type_that_the_subscriber_does_not_want(subscriber: Subscriber):
    with pytest.raises(NotSubscribed, match=r"does not want test\.followed"):
        replay.replay(subscriber, Selection(types=("test.followed",)))


def test_it_hands_out_only_events_with_the_fields_asked_for(db: None, register: Register, numbers: Numbers):
    subscriber = register(numbers, where={"text": "yes"})
    with transaction.atomic():
        publish_many([Publication(event=Happened(user_id=ANNA, number=n, text=t)) for n, t in enumerate(["no", "yes"])])
    drain(subscriber)
    assert (replay.replay(subscriber).handled, numbers) == (1, [1, 1])


# What fails


def test_the_culprit_is_listed_and_the_rest_goes_on(noting: Subscriber, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setattr(noting, "function", lambda envelopes: None)
        publish_numbers(range(20))
        drain(noting)

    def note_or_fail(envelopes: Sequence[Envelope]) -> None:
        note_each(envelopes)
        if any(envelope.fields["number"] == 7 for envelope in envelopes):
            raise ValueError("seven")

    monkeypatch.setattr(noting, "function", note_or_fail)
    result = replay.replay(noting)
    assert figures(result) == (19, 0, 38, 1, 0)
    [failed] = result.failed
    assert (failed.type, failed.error) == ("test.happened", "ValueError: seven")
    assert noted() == [n for n in range(20) if n != 7]
    assert not Failure.objects.exists(), "what was handled once needs no retry"


def test_an_ordered_subscriber_holds_back_what_follows_a_failure(db: None, register: Register):
    seen: list[int] = []

    def in_order(envelope: Envelope) -> None:
        if envelope.fields["number"] == broken:
            raise ValueError
        seen.append(envelope.fields["number"])

    broken = None
    subscriber = register(in_order, ordered=True)
    publish_pairs([(ANNA, 1), (ANNA, 2), (BORIS, 3), (ANNA, 4)])
    drain(subscriber)
    broken = 2
    seen.clear()
    assert figures(replay.replay(subscriber)) == (2, 1, 0, 1, 0)
    assert sorted(set(seen)) == [1, 3]


def test_what_is_dead_discarded_or_being_retried_is_left_to_those_who_decide_on_it(db: None, register: Register):
    seen: list[int] = []

    def picky(envelope: Envelope) -> None:
        match envelope.fields["number"]:
            case 1:
                raise Permanent("never")
            case 2:
                raise Retry(after=60)
            case number:
                seen.append(number)

    subscriber = register(picky)
    publish_numbers([1, 2, 3])
    drain(subscriber)
    assert figures(replay.replay(subscriber)) == (1, 2, 0, 0, 0)
    assert seen == [3, 3]


def test_a_handler_that_fails_whatever_it_is_given_stops_it(subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch):
    publish_pairs([(who, who) for who in of_one_lane(6)])
    drain(subscriber)
    monkeypatch.setattr(subscriber, "function", fail)
    replaying = replay.Replay(subscriber, Selection())
    with pytest.raises(isolation.SystemicFailure):
        replaying.run()
    assert (replaying.handled, replaying.position) == (0, 1)


def fail(envelope: Envelope) -> None:
    raise ValueError


def test_trouble_of_the_surroundings_is_tried_again_and_charged_to_nobody(
    committed_db: str, register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    subscriber = register(numbers)
    publish_numbers([1, 2])
    drain(subscriber)
    numbers.clear()
    troubles = iter([OperationalError("gone"), OperationalError("gone")])

    def troubled(envelope: Envelope) -> None:
        for trouble in troubles:
            raise trouble
        numbers(envelope)

    monkeypatch.setattr(subscriber, "function", troubled)
    monkeypatch.setattr(replay, "PAUSE_SECONDS", 0.0)
    assert figures(replay.replay(subscriber)) == (2, 0, 0, 0, 0)
    assert numbers == [1, 2]


# External subscribers


def test_messages_go_out_a_second_time_only_if_that_is_said(sender: Subscriber, numbers: Numbers):
    publish_numbers([1, 2])
    drain(sender)
    with pytest.raises(replay.Outward, match="--send-again"):
        replay.replay(sender)
    assert figures(replay.replay(sender, send_again=True)) == (2, 0, 2, 0, 0)
    assert replay.replay(sender, send_again=True).new_effects == 0, "they are queued already"
    assert (numbers, Delivery.objects.count()) == ([1, 2], 2)
    drain(sender)
    assert (numbers, Delivery.objects.count()) == ([1, 2, 1, 2], 0)
