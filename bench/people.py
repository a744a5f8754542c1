"""What people's own acts take, each committed: a registration, reading somebody, changing a preference, fifty at once."""

import time
from collections.abc import Callable
from typing import Any

from django.db import transaction

from bench.world import percentiles
from diana import clock

ROUNDS, BULKS, MANY = 200, 100, 50
FIRST_NEWCOMER = 8_000_000_000


def measure(people: list[int]) -> dict[str, dict[str, float]]:
    """Return the percentiles in milliseconds of `registration_ms` (bare row and /start's act), `retrieval_ms` (profile, VIP,
    preferences and standing), `preferences_ms` and `bulk_50_ms` (fifty newcomers in one call).
    """
    return {
        "registration_ms": _timed(_register, range(ROUNDS)),
        "retrieval_ms": _timed(_retrieve, people[:ROUNDS]),
        "preferences_ms": _timed(_prefer, people[:ROUNDS]),
        "bulk_50_ms": _timed(_register_many, range(BULKS)),
    }


def _timed(act: Callable[[int], Any], numbers: Any) -> dict[str, float]:
    taken = []
    for number in numbers:
        started = time.perf_counter()
        act(number)
        taken.append(time.perf_counter() - started)
    return percentiles(taken[1:])


def _register(number: int) -> None:
    from apps.users import services

    now = clock.now()
    with transaction.atomic():
        person = services.find_or_add_person(telegram_id=FIRST_NEWCOMER + number, now=now)
    services.register(
        person_id=person,
        first_name="Ada",
        last_name="Winter",
        username=None,
        language_code="es",
        now=now,
        key=f"bench:register:{number}",
    )


def _retrieve(person: int) -> None:
    from apps.gamification import selectors as ledger
    from apps.users import selectors

    selectors.people_overview([person], clock.now())
    selectors.preferences([person])
    ledger.standing(person)


def _prefer(person: int) -> None:
    from apps.users import services

    services.change_preferences(person_id=person, changes={"quiet_from": 21 + person % 3}, now=clock.now())


def _register_many(number: int) -> None:
    from apps.users import services

    start = FIRST_NEWCOMER + ROUNDS + number * MANY
    newcomers = [services.Newcomer(start + n, f"Player {n}") for n in range(MANY)]
    services.register_many(newcomers=newcomers, now=clock.now())
