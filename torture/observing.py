"""What became of it: the database, read with plain SQL as the superuser, and the answers that the sandbox was given."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """One entry of the ledger. `origin` is the update that set it off, or the key of staff; `position` the event's in the log."""

    person: int
    sequence: int
    rule: str
    amount: int
    balance_after: int
    kind: str
    origin: str
    position: int | None
    recorded_at: float


@dataclass
class Seen:
    """Everything that is judged. Persons are Telegram's ids."""

    entries: list[SeenEntry] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    deliveries: int = 0
    rescued: int = 0
    told_out_of_turn: int = 0


_ENTRIES = """
SELECT p.telegram_id AS person, e.sequence, e.rule, e.amount, e.balance_after, e.kind, e.idempotency_key,
    u.update_id, l.id AS position, extract(epoch FROM e.recorded_at)::float AS recorded_at
FROM gamification_entry e JOIN users_person p ON p.id = e.account_id
LEFT JOIN event_log l ON l.event_id = e.event_id LEFT JOIN bot_update u ON u.event_id = l.correlation_id
ORDER BY e.account_id, e.sequence
"""
_BALANCES = "SELECT p.telegram_id, a.balance FROM gamification_account a JOIN users_person p ON p.id = a.person_id"
# points_awarded must follow the ledger: whoever tells of an entry holds the account.
_TOLD = """
SELECT count(*) FROM (
    SELECT e.sequence, lag(e.sequence) OVER (PARTITION BY l.key ORDER BY l.id) AS before
    FROM event_log l JOIN gamification_entry e ON e.id = (l.payload ->> 'entry')::bigint
    WHERE l.type = 'game.points_awarded'
) told WHERE sequence < before
"""


def observe(url: str, *, answers: Counter[int] | None = None) -> Seen:
    """Read it all in one snapshot; `answers` is how many messages each chat got."""
    with psycopg.connect(url, row_factory=namedtuple_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = connection.execute(_ENTRIES).fetchall()
        balances = connection.execute(_BALANCES).fetchall()
        handled = connection.execute("SELECT update_id FROM bot_update WHERE handled_at IS NOT NULL").fetchall()
        failures = connection.execute(
            "SELECT subscriber, type, status, error FROM event_failure WHERE status <> 'done' ORDER BY position"
        ).fetchall()
        deliveries, rescued = connection.execute(
            "SELECT (SELECT count(*) FROM event_delivery), (SELECT coalesce(sum(rescued), 0)::bigint FROM event_cursor)"
        ).fetchall()[0]
        told = connection.execute(_TOLD).fetchall()[0][0]
    return Seen(
        entries=[_entry(row) for row in rows],
        balances=dict(balances),
        handled={str(row[0]) for row in handled},
        answers=answers or Counter(),
        failures=[_failure(row) for row in failures],
        deliveries=deliveries,
        rescued=rescued,
        told_out_of_turn=told,
    )


def _failure(row: Any) -> str:
    return f"{row.subscriber} {row.type} {row.status}: {row.error[:200]}"


def _entry(row: Any) -> SeenEntry:
    staff = row.kind in ("staff_award", "penalty", "reversal")
    origin = row.idempotency_key.partition(":")[2] if staff else str(row.update_id or "")
    rule = "" if staff else row.rule
    return SeenEntry(
        row.person,
        row.sequence,
        rule,
        row.amount,
        row.balance_after,
        row.kind,
        origin,
        row.position,
        row.recorded_at,
    )
