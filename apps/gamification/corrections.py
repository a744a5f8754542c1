"""Reads of one account what a correction needs: two queries, whatever the history; the work grows with what came later."""

from collections.abc import Iterator

from django.db import connection

from apps.gamification.decide.corrections import Act, Pair, beginning, change, fold
from apps.gamification.decide.entries import Standing
from apps.gamification.models import Entry

_PAIRS = """
SELECT o.sequence, r.sequence, o.id
FROM gamification_entry r JOIN gamification_entry o ON o.id = r.reverses
WHERE r.account_id = %s AND r.reverses IS NOT NULL
"""
CHUNK = 5000


def act_of(entry: Entry) -> Act:
    """Return the entry as the pure module takes it."""
    return Act(entry.pk, entry.kind, entry.amount, entry.base)  # type: ignore[arg-type]  # one of the kinds


def reversal_of(original: Entry, standing: Standing) -> int:
    """Return by how much the balance changes if the entry is taken back. The account must be locked."""
    pairs = _pairs(original.account_id)
    first = beginning(original.sequence, pairs)
    rows = (
        Entry.objects.filter(account_id=original.account_id, sequence__gte=first)
        .order_by("sequence")
        .values_list("pk", "kind", "amount", "base", "balance_after")
        .iterator(chunk_size=CHUNK)
    )
    head = next(rows)
    gone = {pair.original_id for pair in pairs} | {original.pk}
    deserved = fold(head[4] - head[2], _acts(head, rows), gone)
    return change(act_of(original), standing.balance, deserved)


def _acts(head: tuple[int, str, int, int, int], rows: Iterator[tuple[int, str, int, int, int]]) -> Iterator[Act]:
    yield Act(*head[:4])  # type: ignore[arg-type]
    for row in rows:
        yield Act(*row[:4])  # type: ignore[arg-type]


def _pairs(account: int) -> list[Pair]:
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [account])
        return [Pair(*row) for row in cursor.fetchall()]
