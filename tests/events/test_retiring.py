"""Retiring a subscriber: nothing of it waits for ever, and everything that was given up can be looked up."""

import pytest

from diana.audit.models import AuditRecord
from diana.events import Envelope, Permanent, Retry, release, subscriptions
from diana.events.drain import drain_lane
from diana.events.models import Cursor, Delivery, Failure
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Clock, Register
from tests.events.people import ANNA, BORIS, CLARA, LANE, drain, publish_numbers, publish_pairs


def retire(subscriber: Subscriber) -> list[str]:
    subscriptions._subscribers.pop(subscriber.name, None)
    return release.sync(retire=[subscriber.name]).retired


@pytest.mark.django_db
def test_open_and_dead_failures_are_discarded(register: Register, still_clock: Clock):
    def fails(envelope: Envelope) -> None:
        if envelope.user_id != CLARA:
            raise Permanent("never") if envelope.user_id == BORIS else Retry(after=9)

    subscriber = register(fails, ordered=True)
    publish_pairs([(ANNA, 1), (ANNA, 2), (BORIS, 3), (CLARA, 4)])
    drain(subscriber)
    Failure.objects.create(subscriber=subscriber.name, lane=LANE, position=1, status="done", resolution="handled")
    assert retire(subscriber) == [subscriber.name]
    assert not Cursor.objects.filter(subscriber=subscriber.name).exists()
    settled = Failure.objects.filter(subscriber=subscriber.name).order_by("position")
    assert [(f.status, f.resolution, f.next_attempt_at) for f in settled] == [
        ("done", "handled", None),
        *[("discarded", "discarded: retired", None)] * 3,
    ]
    written = AuditRecord.objects.get()
    assert (written.act, written.object_id, written.reason) == ("retire_subscriber", subscriber.name, "retired")
    assert written.after == {"failures_discarded": 3, "deliveries_discarded": 0}
    assert retire(subscriber) == []


def test_deliveries_are_discarded_and_can_be_looked_up(sender: Subscriber):
    [event] = publish_numbers([1])
    drain_lane(sender, LANE)
    retire(sender)
    assert not Delivery.objects.exists()
    row = Failure.objects.get()
    assert (row.status, row.resolution, row.type, row.key) == (
        "discarded", "discarded: retired", "test.happened", event.key,
    )  # fmt: skip
    assert AuditRecord.objects.get().after == {"failures_discarded": 0, "deliveries_discarded": 1}


@pytest.mark.django_db
def test_nothing_is_written_down_for_a_name_that_nobody_had(register: Register):
    assert release.sync(retire=["test.never"]).retired == []
    assert not AuditRecord.objects.exists()
