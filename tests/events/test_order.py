"""Order: whoever changes a person locks the person first and publishes after that, so ids follow what happened."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from diana.events import publish
from tests.events.conftest import Register
from tests.events.declared import Happened
from tests.events.people import ANNA, drain
from tests.events.racing import together

PUBLISHERS, ROUNDS = 8, 5


class Person:
    """A row that is changed under its lock; remembers which publisher made which change."""

    def __init__(self) -> None:
        self.changes: dict[str, int] = {}
        self.all_ready = threading.Barrier(PUBLISHERS)

    def change(self, name: str) -> None:
        """Lock the row, count up, and note whose change it was."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT changes FROM person FOR UPDATE")
            cursor.execute("UPDATE person SET changes = changes + 1 RETURNING changes")
            self.changes[name] = cursor.fetchone()[0]


@pytest.fixture
def person(committed_db: str) -> Person:
    """A table with one row."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE person (changes int NOT NULL); INSERT INTO person VALUES (0)")
        cursor.execute("GRANT ALL ON person TO PUBLIC")
    return Person()


def lock_then_publish(person: Person, name: str) -> None:
    """Do it as it should be done."""
    person.all_ready.wait(10)
    person.change(name)
    publish(Happened(user_id=ANNA, text=name))


def publish_then_lock(person: Person, name: str) -> None:
    """Do it the wrong way round."""
    publish(Happened(user_id=ANNA, text=name))
    person.all_ready.wait(10)
    person.change(name)


def order_of_the_facts(person: Person, register: Register, act: Callable[[Person, str], None]) -> list[int]:
    """Let all publishers act at once, some times; return the changes in the order in which they were delivered."""
    delivered: list[int] = []

    def remember(envelope):
        delivered.append(person.changes[envelope.fields["text"]])

    def publisher(number: int) -> Callable[[], None]:
        def run() -> None:
            for each in range(ROUNDS):
                with transaction.atomic():
                    act(person, f"{number}/{each}")

        return run

    subscriber = register(remember)
    together(*map(publisher, range(PUBLISHERS)))
    drain(subscriber)
    return delivered


def test_it_keeps_one_persons_events_in_the_order_of_the_changes(person: Person, register: Register):
    assert order_of_the_facts(person, register, lock_then_publish) == list(range(1, PUBLISHERS * ROUNDS + 1))


def test_it_would_not_if_publishers_published_before_they_lock(person: Person, register: Register):
    assert order_of_the_facts(person, register, publish_then_lock) != list(range(1, PUBLISHERS * ROUNDS + 1))
