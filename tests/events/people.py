"""People whose events share one lane, publishing about them, and draining that lane alone: it is faster than all."""

from collections.abc import Iterable
from itertools import count, islice

from django.db import transaction

from diana.events import Envelope, Publication, publish_many, testing
from diana.events.lanes import lane_of
from diana.events.subscriptions import Subscriber
from tests.events.declared import Happened

LANE = 3


def of_one_lane(number: int) -> list[int]:
    """Return so many ids of people whose lane is LANE."""
    return list(islice((user_id for user_id in count(1) if lane_of(str(user_id)) == LANE), number))


ANNA, BORIS, CLARA = of_one_lane(3)


def publish_numbers(numbers: Iterable[int], *, user_id: int | None = ANNA) -> list[Envelope]:
    """Publish Happened with these numbers about one person, in one transaction."""
    with transaction.atomic():
        return publish_many([Publication(event=Happened(user_id=user_id, number=number)) for number in numbers])


def publish_pairs(pairs: Iterable[tuple[int, int]]) -> list[Envelope]:
    """Publish Happened for these (person, number), in one transaction."""
    with transaction.atomic():
        return publish_many([Publication(event=Happened(user_id=who, number=number)) for who, number in pairs])


def drain(subscriber: Subscriber) -> int:
    """Handle all that is due in LANE and return how much: what testing.drain() does with every lane."""
    total = 0
    while handled := testing._drain_one(subscriber, LANE):
        total += handled
    return total
