"""New subscribers: where they begin, and how one that begins at the beginning catches up while live work goes on."""

from collections import defaultdict
from collections.abc import Sequence
from threading import Event as Flag
from threading import Lock

import pytest
from django.core.management import CommandError
from django.db import connection

from diana.events import Envelope, release, testing
from diana.events.lanes import LANES, lane_of
from diana.events.models import Cursor, StoredEvent
from tests.events.conftest import Numbers, Register
from tests.events.people import publish_numbers, publish_pairs
from tests.events.racing import alongside, together, until
from tests.events.test_commands import said

BACKLOG = 20_000
PEOPLE = range(1, 41)

# As publish() writes them, by one statement: it is the reading that is tried here.
_WRITE = """
INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes, correlation_id, payload)
SELECT gen_random_uuid(), 'test.happened', 1, (%(lanes)s::int[])[n %% %(people)s + 1], (n %% %(people)s + 1)::text,
    n %% %(people)s + 1, now(), 0, gen_random_uuid(), json_build_object('number', n, 'text', '')
FROM generate_series(0, %(count)s - 1) n ORDER BY n
"""


def write_backlog(count: int) -> None:
    with connection.cursor() as cursor:
        lanes = [lane_of(str(person)) for person in PEOPLE]
        cursor.execute(_WRITE, {"lanes": lanes, "people": len(lanes), "count": count})


def test_one_that_begins_at_the_beginning_catches_up_beside_live_traffic(committed_db: str, register: Register):
    seen, guard, over = defaultdict[int, list[int]](list), Lock(), Flag()

    def collect(envelopes: Sequence[Envelope]) -> None:
        with guard:
            for envelope in envelopes:
                seen[envelope.user_id or 0].append(envelope.fields["number"])

    def live() -> None:
        number = BACKLOG
        while not over.is_set():
            publish_pairs([(person, number) for person in PEOPLE[::8]])
            number += 1
            over.wait(0.01)

    def work(lanes: range) -> None:
        while sum(testing._drain_one(subscriber, lane) for lane in lanes) > 0:
            if sum(map(len, list(seen.values()))) >= BACKLOG:
                over.set()

    write_backlog(BACKLOG)
    with alongside(live):
        try:
            until(lambda: StoredEvent.objects.filter(id__gt=BACKLOG + 1).exists(), what="traffic")
            subscriber = register(collect, batch=True, start="beginning")
            together(lambda: work(range(0, LANES, 2)), lambda: work(range(1, LANES, 2)))
        finally:
            over.set()
    work(range(LANES))
    assert sum(map(len, seen.values())) == StoredEvent.objects.filter(type="test.happened").count() > BACKLOG
    assert all(numbers == sorted(set(numbers)) for numbers in seen.values()), "each once, in order"


# sync_subscribers --start


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "expected"), [("beginning", [1, 2, 3]), ("now", [3])])
@pytest.mark.parametrize("declared", ["beginning", "now"])
def test_a_new_one_begins_where_the_release_says(
    register: Register, numbers: Numbers, start: str, declared: str, expected: list[int]
):
    publish_numbers([1, 2])
    # Inside the test's transaction the bound lies below its own events: a commit would have come first.
    subscriber = register(numbers, cursors=False, start=declared)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(release.log, "bound", lambda: StoredEvent.objects.latest("id").pk)
        assert f"created {LANES} cursors" in said("sync_subscribers", "--start", f"{subscriber.name}={start}")
    publish_numbers([3])
    testing.drain(subscriber.name)
    assert numbers == expected


@pytest.mark.django_db
def test_a_start_is_refused_for_one_that_has_begun_and_for_no_place(register: Register, numbers: Numbers):
    subscriber = register(numbers)
    with pytest.raises(CommandError, match="replay_events"):
        said("sync_subscribers", "--start", f"{subscriber.name}=beginning")
    with pytest.raises(CommandError, match="NAME=now or NAME=beginning, not 'yesterday'"):
        said("sync_subscribers", "--start", f"{subscriber.name}=yesterday")
    assert Cursor.objects.filter(subscriber=subscriber.name).count() == LANES
