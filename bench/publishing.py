"""What publish() costs inside an open transaction, beside a bare INSERT of the same row."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from bench.world import percentiles

ROUNDS, EACH = 40, 50

_BARE = (
    "INSERT INTO event_log (event_id, type, version, lane, key, user_id, occurred_at, utc_offset_minutes,"
    " correlation_id, causation_id, payload) VALUES (%s::uuid, %s, %s, %s, %s, %s, %s, %s, %s::uuid, %s::uuid, %s::json)"
)


def measure() -> dict[str, object]:
    """Return the percentiles of both in milliseconds, in turns, and the difference of the medians."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        ours += _timed(_publish)
        bare += _timed(_insert)
    over = (statistics.median(ours) - statistics.median(bare)) * 1000
    return {"publish_ms": percentiles(ours), "insert_ms": percentiles(bare), "publish_over_insert_ms": round(over, 3)}


def _timed(act: Callable[[int], None]) -> list[float]:
    """Return how long each of some acts takes; all are rolled back."""
    taken = []
    with transaction.atomic():
        act(0)
        for number in range(EACH):
            started = time.perf_counter()
            act(number)
            taken.append(time.perf_counter() - started)
        transaction.set_rollback(True)
    return taken


def _publish(number: int) -> None:
    from apps.bot.events import MessageSent
    from diana.events import publish

    publish(MessageSent(user_id=1 + number, chat=1, length=12, content_digest=f"{number:032x}"))


def _insert(number: int) -> None:
    from diana import clock
    from diana.events.identifiers import uuid7

    event_id = uuid7()
    payload = f'{{"chat":1,"length":12,"content_digest":"{number:032x}"}}'
    row: list[Any] = [
        event_id,
        "game.message_sent",
        1,
        3,
        str(1 + number),
        1 + number,
        clock.now(),
        0,
        event_id,
        None,
        payload,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BARE, row)
