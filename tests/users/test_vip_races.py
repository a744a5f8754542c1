"""Real threads at the moment at which VIP ends: the clock, purchases and staff, in whatever order they come.

What is left must be what the pure module makes of the rows, and the log must tell one story. VIP_RACES sets how many seeds.
"""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from apps.gamification.awards import fact_of
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.folding import FOLDS
from apps.gamification.decide.state import State
from apps.users import selectors, services, vip
from apps.users.models import Grant, Person, VipStanding
from diana.audit import Actor
from diana.events.log import read_events
from diana.events.models import StoredEvent
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW

SEEDS = int(os.environ.get("VIP_RACES", "50"))
DAY = timedelta(days=1)
ACTOR = Actor(7, "ana", "admin")


def somebody(seed: int, days: int = 1) -> Person:
    """Add somebody whose VIP ends at noon."""
    person = Person.objects.create(telegram_id=seed + 1, created_at=NOW)
    buy(person, NOW - days * DAY, f"first-{seed}", days)
    return person


def buy(person: Person, now: datetime, reference: str, days: int = 30) -> Grant:
    """Buy VIP."""
    return services.grant_vip(
        person_id=person.pk,
        source="purchase",
        days=days,
        reason="r",
        actor=ACTOR,
        now=now,
        payment_reference=reference,
    )


def story(person: Person) -> list[str]:
    """Return what was told of the person, in the log's order."""
    return list(StoredEvent.objects.filter(user_id=person.pk).order_by("id").values_list("type", flat=True))


def check(person: Person, now: datetime) -> None:
    """Compare what was told and what the points see with the pure module, after the clock has ticked once more."""
    services.expire_vip(now=now)
    standing = selectors.vip_standings([person.pk], now)[person.pk]
    told = VipStanding.objects.get(person=person)
    assert (told.state, told.until, told.kept_until, told.mode) == (
        standing.state,
        standing.until,
        standing.kept_until,
        standing.mode,
    )
    state = State()
    for envelope in read_events(list(StoredEvent.objects.filter(user_id=person.pk).values_list("id", flat=True))):
        if fold := FOLDS.get(envelope.type):
            fold(state, fact_of(envelope))
    kept = microseconds(standing.kept_until) if standing.kept_until else 0
    assert state.vip_until == kept


def near(chance: random.Random) -> datetime:
    """Return a moment within a second of noon: each process has its own clock."""
    return NOW + timedelta(milliseconds=chance.choice([0, 0, chance.randint(-1000, 1000)]))


def test_expiry_and_purchase_at_the_same_moment(committed_db: str) -> None:
    orders = {tuple(_bought_while_it_ends(seed)) for seed in range(SEEDS)}
    assert len(orders) > 1 or SEEDS < 50, "the seeds must reach both orders"


def _bought_while_it_ends(seed: int) -> list[str]:
    """Let two clocks tick while somebody buys, once or by two copies of the payment; return what was told."""
    chance, person = random.Random(seed), somebody(seed)
    bought, first, second = (near(chance) for _ in range(3))
    acts: list[Callable[[], object]] = [
        lambda: services.expire_vip(now=first),
        lambda: services.expire_vip(now=second),
        *[lambda: buy(person, bought, f"second-{seed}")] * (2 if seed % 3 == 0 else 1),
    ]
    chance.shuffle(acts)
    at_once(*acts)
    after = NOW + timedelta(seconds=2)
    assert selectors.effective_vip(person.pk, after) == max(NOW, bought) + 30 * DAY, "no gap, nothing twice"
    kinds = story(person)
    assert kinds[0] == "vip.granted"
    assert kinds.count("vip.renewed") == 1
    assert kinds.count("vip.grace_entered") <= 1
    assert kinds[-1] == "vip.renewed", "whatever the clock told, it told it before"
    check(person, after)
    return kinds


def test_clocks_purchases_and_staff_at_once_end_as_the_pure_module_says(committed_db: str) -> None:
    for seed in range(SEEDS // 2):
        _everything_at_once(seed)


def _everything_at_once(seed: int) -> None:
    """Revoke, force, buy and let two clocks tick, then let time go by."""
    chance, person = random.Random(1_000 + seed), somebody(10_000 + seed)
    held = buy(person, NOW - DAY, f"held-{seed}", chance.choice([1, 2, 5]))
    revoked, forced, bought = (NOW + timedelta(hours=chance.choice([0, 0, 24, 30, 48, 72])) for _ in range(3))
    mode, end = chance.choice(vip.MODES), forced + timedelta(hours=chance.choice([1, 12, 80]))

    def revoke() -> None:
        with suppress(services.GrantOver):
            services.revoke_grant(grant_id=held.pk, reason="r", actor=ACTOR, now=revoked)

    how = {"person_id": person.pk, "mode": mode, "until": end, "reason": "r", "actor": ACTOR, "key": f"o{seed}"}
    at_once(
        revoke,
        lambda: services.override_vip(now=forced, **how),
        lambda: buy(person, bought, f"more-{seed}", 1),
        lambda: services.expire_vip(now=NOW),
        lambda: services.expire_vip(now=NOW + DAY),
    )
    last = max(revoked, forced, bought, NOW + DAY)
    for hours in (0, 1, 13, 49, 81, 150, 300):
        check(person, last + timedelta(hours=hours))


def test_two_clocks_tell_each_step_once(committed_db: str) -> None:
    crowd = [somebody(seed) for seed in range(20)]
    told = list[services.Passed]()
    for moment in (NOW, NOW + 2 * DAY):
        at_once(*[partial(lambda now: told.append(services.expire_all_vip(now=now)), moment)] * 4)
    assert sum(one.grace_entered for one in told) == sum(one.expired for one in told) == 20
    for person in crowd:
        assert story(person) == ["vip.granted", "vip.grace_entered", "vip.expired"]


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
HOW: dict[str, Any] = {"reason": "r", "actor": ACTOR, "now": NOW - timedelta(hours=1)}
ACTS: dict[str, Callable[[Person], object]] = {
    "grant": lambda p: buy(p, NOW - timedelta(hours=1), "another"),
    "extend": lambda p: services.extend_vip(person_id=p.pk, days=3, key="k", **HOW),
    "many": lambda p: services.grant_to_many(person_ids=[p.pk], days=3, source="gift", key="k", **HOW),
    "revoke": lambda p: services.revoke_grant(grant_id=Grant.objects.get(person=p).pk, **HOW),
    "override": lambda p: services.override_vip(person_id=p.pk, mode="off", until=NOW, key="k", **HOW),
    "clear": lambda p: services.clear_overrides(person_id=p.pk, key="k", **HOW),
    "clock": lambda p: services.expire_vip(now=NOW),
}


@pytest.mark.parametrize("act", ACTS)
def test_every_act_waits_for_whoever_has_the_person(committed_db: str, act: str) -> None:
    """And before it has read or written anything: what it decides by is what the other one leaves."""
    person = somebody(1)
    if act == "clear":
        services.override_vip(person_id=person.pk, mode="on", until=NOW + DAY, key="o", **HOW)
    before = len(story(person))

    def run() -> None:
        try:
            ACTS[act](person)
        finally:
            connection.close()

    acting = Thread(target=run)
    with transaction.atomic(), connection.cursor() as cursor:
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        acting.start()
        for _ in range(2000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITING)
            if waiting := cursor.fetchone()[0]:
                break
            acting.join(0.005)
            assert acting.is_alive(), "it did not wait"
        assert waiting
        assert len(story(person)) == before
    acting.join(timeout=30)
    assert len(story(person)) == before + 1


def test_grants_to_many_beside_grants_to_each(committed_db: str) -> None:
    crowd = [somebody(seed, days=1) for seed in range(10)]
    ids = [person.pk for person in crowd]

    def many(key: str) -> None:
        services.grant_to_many(
            person_ids=ids, source="promo", days=10, reason="r", actor=ACTOR, key=key, now=NOW - timedelta(hours=1)
        )

    at_once(
        lambda: many("a"),
        lambda: many("a"),
        lambda: many("b"),
        lambda: [buy(person, NOW - timedelta(hours=1), f"x{person.pk}", 5) for person in reversed(crowd)],
        lambda: services.expire_all_vip(now=NOW - timedelta(hours=1)),
    )
    ends = {selectors.effective_vip(pk, NOW) for pk in ids}
    assert ends == {NOW + 25 * DAY}
