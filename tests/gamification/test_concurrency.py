"""Real threads and real commits: staff and workers at the same accounts at the same time."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from apps.gamification import loading, selectors, services
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, Entry
from apps.gamification.verify import verify
from diana.events.drain import drain_lane
from diana.events.lanes import lane_of
from diana.events.locks import lane_lock
from diana.events.models import Failure
from diana.events.subscriptions import subscriber
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, happen, message, people, person
from tests.gamification.lock_order import watched

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


ACTS, THREADS = 400, 20
# At the highest level from the first act on, so that a message is worth the same whatever came before: 5.5, half up.
PLENTY, PER_MESSAGE = 300_000, 6
# So many points and the level that they make unlock three tiers each.
UNLOCKED, REWARDS = 6, 2 * (20 + 60 + 200)


def test_400_acts_at_once_on_few_accounts_lose_nothing() -> None:
    crowd = people(4)
    for somebody in crowd:
        give(somebody, f"plenty{somebody}", PLENTY)
    acts: list[Callable[[], object]] = []
    expected = Counter(dict.fromkeys(crowd, PLENTY + REWARDS))
    for number in range(ACTS):
        somebody = crowd[number % 4]
        act, change = ACTS_OF[number // 4 % len(ACTS_OF)]
        acts.append(lambda act=act, somebody=somebody, number=number: act(somebody, number))
        expected[somebody] += change
    random.Random(7).shuffle(acts)
    shares = [acts[start::THREADS] for start in range(THREADS)]
    with watched() as watch:
        at_once(*[lambda share=share: [act() for act in share] for share in shares])
        drain(AWARDS)
    assert {somebody: selectors.balance(somebody) for somebody in crowd} == expected
    assert Entry.objects.count() == 4 * (1 + UNLOCKED) + ACTS + ACTS // len(ACTS_OF), "a reversal is two"
    assert not Failure.objects.exists()
    assert verify().ok
    assert len(watch.locked) > ACTS / 2
    assert watch.out_of_order() == []


def reverse_a_gift(person_id: int, number: int) -> None:
    """Give and take back."""
    entry = services.award(person_id=person_id, amount=17, reason="r", actor=STAFF, key=f"g{number}", now=NOON)
    services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key=f"r{number}", now=NOON)


def write_a_message(person_id: int, number: int) -> None:
    """Have the subscriber award it, in whatever batch and whichever thread it comes to."""
    happen(message(person_id))
    lane = lane_of(str(person_id))
    with lane_lock(AWARDS, lane) as held:
        if held:
            drain_lane(subscriber(AWARDS), lane)


# Acts with what each is worth in the end.
ACTS_OF: list[tuple[Callable[[int, int], object], int]] = [
    (lambda somebody, number: give(somebody, f"a{number}", 11), 11),
    (lambda somebody, number: give(somebody, f"p{number}", -3), -3),
    (reverse_a_gift, 0),
    (write_a_message, PER_MESSAGE),
]


def test_a_batch_locks_accounts_upwards_whatever_the_order_of_its_events() -> None:
    crowd = people(6)
    with watched() as watch, transaction.atomic():
        lock_standings([crowd[3], crowd[0], crowd[5], crowd[1]])
    assert list(watch.locked.values()) == [[crowd[0], crowd[1], crowd[3], crowd[5]]]


def test_the_watch_sees_locks_that_go_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = people(3)
    with transaction.atomic():
        lock_standings(crowd)
    with watched() as watch:
        with transaction.atomic():
            lock_standings([crowd[1]])
            lock_standings([crowd[0]])
        monkeypatch.setattr(loading, "_LOCK", loading._LOCK.replace("ORDER BY account_id", "ORDER BY account_id DESC"))
        with transaction.atomic():
            lock_standings(crowd)
    assert watch.out_of_order() == [[crowd[1], crowd[0]], crowd[::-1]]


def test_locks_that_go_both_ways_do_deadlock() -> None:
    """What the order is for: without it PostgreSQL has to end one of two transactions."""
    one, other = people(2)
    with transaction.atomic():
        lock_standings([one, other])
    both, failed = threading.Barrier(2), []

    def lock(first: int, second: int) -> None:
        try:
            with transaction.atomic():
                lock_standings([first])
                both.wait(10)
                lock_standings([second])
        except OperationalError as error:
            failed.append(error)

    at_once(lambda: lock(one, other), lambda: lock(other, one))
    assert len(failed) == 1
    assert "deadlock" in str(failed[0])
