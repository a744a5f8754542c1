"""Real threads and real commits: staff and workers at the same accounts at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction

from apps.gamification import selectors, services
from apps.gamification.decide.achievements.marks import Mark
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, Entry, Unlock
from apps.gamification.verify import verify
from diana.events.testing import drain
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


def test_a_grant_beside_the_worker_unlocks_once() -> None:
    crowd = people(3)
    given = {"achievement": "voice", "tier": "bronze", "reason": "r", "actor": STAFF, "now": NOON}

    def grant(somebody: int) -> Callable[[], None]:
        def act() -> None:
            with suppress(services.NotGrantable):
                services.grant_achievement(person_id=somebody, key=f"g{somebody}", **given)

        return act

    at_once(*[grant(somebody) for somebody in crowd], lambda: award(*[message(p) for p in crowd for _ in range(100)]))
    drain("gamification.award_points")
    assert Unlock.objects.filter(achievement="voice").count() == 3
    assert Entry.objects.filter(rule="achievement_unlocked").count() == 3
    assert verify().ok


def test_a_backfill_beside_the_worker_loses_and_doubles_nothing() -> None:
    crowd = people(3)
    award(*[message(p) for p in crowd for _ in range(60)])

    def backfill() -> None:
        for _ in range(3):
            services.backfill_achievements(reason="r", actor=STAFF, now=NOON)

    at_once(backfill, lambda: award(*[message(p) for p in crowd for _ in range(60)], at=NOON + timedelta(hours=1)))
    drain("gamification.award_points")
    marks = [lock_marks(somebody)["voice"].value for somebody in crowd]
    assert (marks, Unlock.objects.filter(achievement="voice").count()) == ([120] * 3, 3)
    assert services.backfill_achievements(reason="r", actor=STAFF, now=NOON).marks == 0


def lock_marks(person_id: int) -> dict[str, Mark]:
    """Return how far the person has come."""
    with transaction.atomic():
        return lock_standings([person_id])[0][person_id].state.marks
