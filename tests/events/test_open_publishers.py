"""A transaction that has published holds up everybody's events: it may be idle for five seconds only, then it is cut."""

import threading
import time

import pytest
from django.db import DatabaseError, connection, transaction

from diana.events import publish
from tests.events.conftest import Numbers, Register
from tests.events.declared import Happened
from tests.events.people import ANNA, drain, publish_numbers
from tests.events.racing import alongside

pytestmark = pytest.mark.usefixtures("committed_db")


def limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        found: str = cursor.fetchone()[0]
        return found


@pytest.mark.parametrize(("before", "within"), [("1min", "5s"), ("5s", "5s"), ("300ms", "300ms"), ("0", "0")])
def test_who_has_published_may_be_idle_for_five_seconds_until_the_commit(before: str, within: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{before}'")
    with transaction.atomic():
        assert limit() == before
        publish(Happened(user_id=ANNA, number=1))
        assert limit() == within
    assert limit() == before


def test_a_publisher_that_hangs_holds_nobody_up_for_longer(register: Register, numbers: Numbers) -> None:
    subscriber = register(numbers)
    hangs, may_end = threading.Event(), threading.Event()

    def publish_and_wait() -> None:
        with transaction.atomic():
            publish(Happened(user_id=ANNA, number=1))
            hangs.set()
            may_end.wait(20)
            limit()

    def hang() -> None:
        with pytest.raises(DatabaseError):
            publish_and_wait()

    with alongside(hang):
        assert hangs.wait(10)
        began = time.monotonic()
        publish_numbers([2])
        drain(subscriber)
        assert numbers == []
        try:
            while not drain(subscriber) and time.monotonic() < began + 12:
                time.sleep(0.1)
        finally:
            may_end.set()
        assert 4 < time.monotonic() - began < 12
    assert numbers == [2], "what hung has not happened"
