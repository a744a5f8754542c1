"""Real threads and real commits: staff and workers at the same accounts at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from apps.gamification import selectors, services
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, Entry
from apps.gamification.verify import verify
from tests.gamification.acts import NOON, STAFF, award, message, people, person

pytestmark = pytest.mark.usefixtures("committed_db")


def at_once(*acts: Callable[[], object]) -> None:
    """Run the acts in threads that start together; their errors pass through."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=30)
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result(timeout=60)


def give(person_id: int, key: str, amount: int = 10) -> None:
    """Award as staff do."""
    services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=NOON)


def test_staff_and_worker_at_one_account_lose_nothing() -> None:
    somebody = person()

    def staff(name: str) -> Callable[[], None]:
        return lambda: [give(somebody, f"{name}{n}") for n in range(5)] and None

    at_once(staff("a"), staff("b"), lambda: award(*[message(somebody) for _ in range(20)]))
    assert selectors.balance(somebody) == 200
    assert verify().ok


def test_one_key_at_the_same_time_is_one_entry() -> None:
    somebody = person()
    at_once(*[lambda: give(somebody, "k")] * 4)
    assert Entry.objects.count() == 1


def test_an_entry_reversed_twice_at_the_same_time_is_reversed_once() -> None:
    give(person(), "k")
    entry = Entry.objects.get()
    refused = []

    def reverse(key: str) -> None:
        try:
            services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key=key, now=NOON)
        except services.AlreadyReversed as error:
            refused.append(error)

    at_once(*[lambda k=k: reverse(k) for k in "abc"])
    assert (len(refused), Entry.objects.filter(kind="reversal").count()) == (2, 1)


def test_batches_of_the_same_people_in_any_order_do_not_deadlock() -> None:
    crowd = people(20)

    def lock(order: list[int]) -> None:
        for _ in range(10):
            with transaction.atomic():
                assert len(lock_standings(order)[0]) == 20

    at_once(lambda: lock(crowd), lambda: lock(crowd[::-1]), lambda: lock(crowd[10:] + crowd[:10]))
    assert Account.objects.count() == 20
