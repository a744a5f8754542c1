"""The timeline of one act: what it set off and nothing else, in the order of time, and whether that is all."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.db import transaction

from diana import clock
from diana.events import Envelope, Permanent, publish, timeline, tracing, visits
from diana.events.identifiers import uuid7
from diana.events.models import Cursor, DeferredEvent, Delivery, Failure, StoredEvent
from diana.events.timeline import CallMade, Timeline, read_timeline
from tests.events.conftest import Numbers, Register
from tests.events.declared import Confided, Followed, Happened
from tests.events.people import ANNA, BORIS, LANE, drain, publish_pairs

pytestmark = pytest.mark.usefixtures("committed_db")
ADMIN, FLOWER = "http://127.0.0.1:8000", "http://127.0.0.1:5555/"


@pytest.fixture(autouse=True)
def _kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EVENTS_KEEP_VISITS = True
    monkeypatch.setattr(visits._Writing, "rows", None)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what is done for at rest at once."""
    monkeypatch.setattr(timeline, "REST_SECONDS", 0.0)


def publish_one(user_id: int = ANNA, **fields: Any) -> Envelope:
    with transaction.atomic():
        return publish(Happened(user_id=user_id, **fields))


def follow(envelope: Envelope) -> None:
    publish(Followed(user_id=envelope.user_id, number=envelope.fields["number"] + 1))


def of(envelope: Envelope) -> Timeline:
    return read_timeline(str(envelope.correlation_id), admin=ADMIN, flower=FLOWER)


def shown(found: Timeline) -> list[tuple[str, int, str]]:
    return [(item.kind, item.depth, item.title) for item in found.items]


def test_it_tells_events_and_visits_in_the_order_of_time(register: Register, numbers: Numbers):
    first, second = register(follow), register(numbers, "test.followed")
    sent = publish_one(number=5)
    drain(first)
    drain(second)
    found = of(sent)
    assert shown(found) == [
        ("event", 1, "test.happened"),
        ("visit", 2, "test.follow"),
        ("event", 2, "test.followed"),
        ("visit", 3, "test.numbers"),
    ]
    assert [item.at_ms for item in found.items] == sorted(item.at_ms for item in found.items)
    assert found.items[0].at_ms == 0
    assert found.items[0].fields == {"number": 5, "text": ""}
    assert (
        found.items[0].link
        == f"{ADMIN}/admin/events/storedevent/{StoredEvent.objects.get(type='test.happened').pk}/change/"
    )
    assert found.items[1].fields is not None
    assert found.items[1].fields["lane"] == LANE
    assert found.items[1].link is None
    assert abs(found.began_at - clock.real_now().timestamp()) < 30
    assert msgspec.json.decode(msgspec.json.encode(found))["correlation_id"] == str(sent.correlation_id)


def test_nothing_of_another_act_is_in_it_though_one_batch_handled_both(register: Register, numbers: Numbers):
    subscriber = register(follow)
    [mine, other, third] = publish_pairs([(ANNA, 100), (BORIS, 200), (ANNA, 300)])
    drain(subscriber)
    found = of(other)
    assert shown(found) == [
        ("event", 1, "test.happened"),
        ("visit", 2, "test.follow"),
        ("event", 2, "test.followed"),
    ]
    text = msgspec.json.encode(found).decode()
    assert [item.fields["number"] for item in found.items if item.kind == "event"] == [200, 201]
    assert "with 2 other events of its lane" in found.items[1].text
    for foreign in (mine, third):
        assert str(foreign.event_id) not in text
        assert f"person {ANNA}" not in text


def test_a_visit_over_an_event_that_the_subscriber_does_not_want_is_none_of_it(register: Register, numbers: Numbers):
    subscriber = register(numbers, where={"number": 1})
    [_, between, _] = publish_pairs([(ANNA, 1), (BORIS, 2), (ANNA, 1)])
    drain(subscriber)
    assert shown(of(between)) == [("event", 1, "test.happened")]


def test_it_is_at_rest_when_all_is_done_and_quiet_for_two_seconds(
    register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    subscriber = register(numbers)
    sent = publish_one()
    assert not of(sent).at_rest
    monkeypatch.setattr(timeline, "REST_SECONDS", 0.0)
    assert not of(sent).at_rest, "nobody has handled it"
    assert "waits for test.numbers" in of(sent).items[0].text
    drain(subscriber)
    assert of(sent).at_rest
    monkeypatch.setattr(timeline, "REST_SECONDS", 2.0)
    assert not of(sent).at_rest, "it is not quiet for long enough"
    real = clock.real_now
    monkeypatch.setattr(clock, "real_now", lambda: real() + timedelta(seconds=2.1))
    assert of(sent).at_rest


@pytest.mark.usefixtures("soon")
def test_what_follows_keeps_it_from_rest(register: Register, numbers: Numbers):
    first, second = register(follow), register(numbers, "test.followed")
    sent = publish_one()
    drain(first)
    assert not of(sent).at_rest
    drain(second)
    assert of(sent).at_rest
    Cursor.objects.filter(subscriber=second.name, lane=LANE).update(position=0)
    assert not of(sent).at_rest


@pytest.mark.usefixtures("soon")
def test_an_event_that_is_deferred_keeps_it_from_rest():
    sent = publish_one()
    assert of(sent).at_rest
    DeferredEvent.objects.create(
        source="a", due_at=clock.real_now(), event_id=uuid4(), type="test.followed", version=1, lane=LANE, key=str(ANNA),
        occurred_at=clock.now(), utc_offset_minutes=0, correlation_id=sent.correlation_id, payload="{}",
    )  # fmt: skip
    assert not of(sent).at_rest


@pytest.mark.usefixtures("soon")
def test_an_event_that_comes_while_it_is_read_keeps_it_from_rest(
    register: Register, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
):
    subscriber = register(follow)
    sent = publish_one()
    read = tracing._add_subscribers

    def late(traced: Any) -> None:
        drain(subscriber)
        read(traced)

    monkeypatch.setattr(tracing, "_add_subscribers", late)
    found = of(sent)
    assert shown(found) == [("event", 1, "test.happened"), ("visit", 2, "test.follow")]
    assert not found.at_rest


@pytest.mark.usefixtures("soon")
def test_a_retried_event_is_shown_with_each_attempt_and_keeps_it_from_rest(register: Register):
    errors = [ValueError("not yet"), None]

    def recovers(envelope: Envelope) -> None:
        if error := errors.pop(0):
            raise error

    subscriber = register(recovers)
    sent = publish_one()
    drain(subscriber)
    found = of(sent)
    assert not found.at_rest
    assert [item.text for item in found.items if item.kind == "fact"] == ["retrying after 1 attempts"]
    Failure.objects.update(next_attempt_at="2026-01-01T00:00:00Z")
    drain(subscriber)
    found = of(sent)
    assert found.at_rest
    assert [item.text.split()[0] for item in found.items if item.kind == "visit"] == ["failed", "handled"]
    assert [item.text for item in found.items if item.kind == "fact"] == ["done at last"]


@pytest.mark.usefixtures("soon")
def test_a_dead_delivery_is_told_and_is_the_end(register: Register):
    def refuses(envelope: Envelope) -> None:
        raise Permanent("blocked")

    subscriber = register(refuses, external=True)
    sent = publish_one()
    drain(subscriber)
    found = of(sent)
    [fact] = [item for item in found.items if item.kind == "fact"]
    assert (fact.title, fact.text, fact.fields) == (
        subscriber.name,
        "dead after 1 attempts",
        {"error": "Permanent: blocked"},
    )
    assert fact.link == f"{ADMIN}/admin/events/failure/{Failure.objects.get().pk}/change/"
    assert ("visit", 2, subscriber.name) in shown(found)
    assert found.at_rest
    Delivery.objects.create(
        subscriber=subscriber.name, lane=LANE, position=Failure.objects.get().position, key=str(ANNA)
    )
    assert not of(sent).at_rest


@pytest.mark.usefixtures("soon")
def test_sealed_payloads_stay_sealed(register: Register, numbers: Numbers):
    subscriber = register(numbers, "sealed.confided")
    with transaction.atomic():
        sent = publish(Confided(user_id=ANNA, number=4, text="a secret"))
    drain(subscriber)
    [event, *_] = of(sent).items
    assert (event.fields, event.text) == (None, f"person {ANNA}, sealed")


def test_what_is_not_known_yet_is_not_at_rest():
    for unknown in (str(uuid4()), "telegram_update:404", "update:1"):
        assert read_timeline(unknown) == Timeline(None, None, at_rest=False, worker_running=False, items=[])
    assert timeline.add_calls(read_timeline("update:1"), [CallMade(1.0, "sendMessage", "")]).items == []


def test_calls_are_merged_by_time_and_only_its_own(register: Register, numbers: Numbers):
    subscriber = register(numbers, external=True)
    mine, other = publish_pairs([(ANNA, 1), (BORIS, 2)])
    drain(subscriber)
    found = of(mine)
    assert found.began_at is not None
    calls = [
        CallMade(found.began_at + 0.001 * ms, method, "chat 5", event_id, {"status": 200})
        for ms, method, event_id in (
            (90_000, "late", mine.event_id),
            (0, "early", str(mine.event_id)),
            (1, "foreign", other.event_id),
            (1, "unknown", uuid7()),
            (95_000, "in the response", None),
        )
    ]
    merged = timeline.add_calls(found, calls)
    assert [(i.title, i.depth, i.at_ms) for i in merged.items if i.kind == "call"] == [
        ("early", 2, 0),
        ("late", 2, 90_000),
        ("in the response", 1, 95_000),
    ]
    assert [item.kind for item in merged.items] == ["event", "call", "visit", "call", "call"]


def test_domain_time_that_was_moved_moves_nothing_here(monkeypatch: pytest.MonkeyPatch, superuser: Any):
    monkeypatch.setattr(tracing, "_tellers", {})
    real = clock.real_now()
    sent = publish_one()
    superuser.execute("ALTER TABLE event_log DISABLE TRIGGER USER")
    superuser.execute("UPDATE event_log SET recorded_at = recorded_at + interval '3 days'")
    moved = clock.now() + timedelta(days=3)
    tracing.register_trace(
        "row",
        lambda events: [
            tracing.Fact(moved, sent.event_id, "update 5 came in", "update"),
            tracing.Fact(moved + timedelta(milliseconds=500), sent.event_id, "in domain time"),
            tracing.Fact(real + timedelta(milliseconds=600), sent.event_id, "in real time"),
        ],
    )
    found = of(sent)
    assert abs(found.began_at - real.timestamp()) < 0.2
    assert [item.title for item in found.items] == [
        "update 5 came in",
        "test.happened",
        "in domain time",
        "in real time",
    ]
    assert all(0 <= item.at_ms < 1000 for item in found.items)
