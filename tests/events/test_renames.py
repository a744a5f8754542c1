"""A type or a subscriber with another name: what stands in the log under the old one is handled once, like the rest."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import transaction

from diana.events import Envelope, Event, Permanent, Retry, catalogue, log, publish, release, subscriptions
from diana.events.models import Cursor, Delivery, Failure
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Numbers, Register
from tests.events.people import ANNA, drain, publish_numbers

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def declarations() -> Iterator[None]:
    """Whatever types the test declares are forgotten after it."""
    before = dict(catalogue._by_type), dict(catalogue.renamed)
    yield
    for known, kept in zip((catalogue._by_type, catalogue.renamed), before, strict=True):
        known.clear()
        known.update(kept)


def declare_old() -> type[Event]:
    """Declare the type as it was called."""

    class Quizzed(Event, type="test.quizzed"):
        number: int

    return Quizzed


def rename() -> type[Event]:
    """Deploy code in which it is called otherwise."""
    del catalogue._by_type["test.quizzed"]

    class Answered(Event, type="test.answered"):
        formerly = ("test.quizzed",)

        number: int

    return Answered


def publish_one(event_class: type[Event], number: int) -> Envelope:
    with transaction.atomic():
        return publish(event_class(user_id=ANNA, number=number), idempotency_key=f"quiz {number}")


@pytest.mark.usefixtures("declarations")
def test_rows_of_the_old_name_are_handled_under_the_new_one(committed_db: str, register: Register, numbers: Numbers):
    old = declare_old()
    before = register(numbers, "test.quizzed")
    publish_one(old, 1)
    drain(before)
    publish_one(old, 2)
    new = rename()
    after = register(numbers, "test.answered", name=before.name)
    publish_one(new, 3)
    assert drain(after) == 2
    assert numbers == [1, 2, 3]


@pytest.mark.usefixtures("declarations")
def test_who_reads_from_the_beginning_sees_one_type(committed_db: str, register: Register):
    publish_one(declare_old(), 1)
    new = rename()
    publish_one(new, 2)
    seen: list[tuple[str, str, Event]] = []

    def see(envelope: Envelope) -> None:
        seen.append((envelope.type, envelope.former_type, envelope.event))

    drain(register(see, "test.answered", start="beginning", where={"number": 1}))
    drain(register(see, "test.*", start="beginning", name="test.see_all"))
    first, second = new(user_id=ANNA, number=1), new(user_id=ANNA, number=2)
    assert seen == [
        ("test.answered", "test.quizzed", first),
        ("test.answered", "test.quizzed", first),
        ("test.answered", "", second),
    ]


@pytest.mark.usefixtures("declarations")
def test_publishing_again_under_the_key_of_an_old_row_finds_it(committed_db: str):
    first = publish_one(declare_old(), 1)
    again = publish_one(rename(), 1)
    assert (again.event_id, again.type) == (first.event_id, "test.answered")


@pytest.mark.usefixtures("declarations")
def test_without_the_former_name_the_lane_is_held(committed_db: str, register: Register, numbers: Numbers):
    old = declare_old()
    subscriber = register(numbers, "test.*")
    publish_one(old, 1)
    del catalogue._by_type["test.quizzed"]
    with pytest.raises(log.UnknownType, match=r"test\.quizzed"):
        drain(register(numbers, "test.*", name=subscriber.name))
    assert numbers == []


@pytest.mark.usefixtures("declarations")
def test_a_former_name_belongs_to_one_type():
    declare_old()
    rename()
    with pytest.raises(TypeError, match="former name"):
        declare_old()
    with pytest.raises(TypeError, match="another type's"):

        class Third(Event, type="test.third"):
            formerly = ("test.quizzed",)


# Subscribers


def trouble(envelope: Envelope) -> None:
    raise Permanent("never") if envelope.event.number == 1 else Retry(after=60)


def rename_subscriber(register: Register, old: Subscriber, numbers: Numbers) -> Subscriber:
    """Deploy code in which the subscriber has another name, and run the release step."""
    del subscriptions._subscribers[old.name]
    new = register(numbers, name="test.new_name", external=old.external, cursors=False)
    with pytest.raises(release.Orphans, match=old.name):
        release.sync()
    release.sync(rename={old.name: new.name})
    return new


def test_a_renamed_subscriber_goes_on_where_it_stood_with_its_failures(
    committed_db: str, register: Register, numbers: Numbers
):
    old = register(trouble)
    publish_numbers([1, 2])
    drain(old)
    publish_numbers([3])
    Failure.objects.filter(status="retrying").update(next_attempt_at=LONG_AGO)
    new = rename_subscriber(register, old, numbers)
    drain(new)
    assert sorted(numbers) == [2, 3]
    call_command("redrive", "--reason", "mended", verbosity=0)
    drain(new)
    assert sorted(numbers) == [1, 2, 3]
    assert not Failure.objects.exclude(status="done").exists()


def test_a_renamed_sender_makes_the_deliveries_that_waited(committed_db: str, register: Register, numbers: Numbers):
    old = register(trouble, external=True)
    publish_numbers([2, 3])
    drain(old)
    assert Delivery.objects.filter(subscriber=old.name).count() == 2
    Delivery.objects.update(next_attempt_at=LONG_AGO)
    new = rename_subscriber(register, old, numbers)
    drain(new)
    assert numbers == [2, 3]
    assert not Delivery.objects.exists()


def test_a_retired_subscriber_leaves_no_cursor(committed_db: str, register: Register):
    old = register(trouble)
    publish_numbers([1, 2])
    drain(old)
    del subscriptions._subscribers[old.name]
    assert release.sync(retire=[old.name]).retired == [old.name]
    assert not Cursor.objects.filter(subscriber=old.name).exists()
    assert release.sync() == release.Synced({}, [], [])
