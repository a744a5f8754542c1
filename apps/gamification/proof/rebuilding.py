"""Rebuilding accounts from their entries, as the owner: the last step after a restore, never a correction of points.

A correction is a new entry. What is mended here is an account's row that says something else than its last entry.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from apps.gamification.verify import EVERYONE, ROWS, Fault, verify
from diana import audit

CHUNK = 2000


class ChainsBroken(RuntimeError):
    """Entries do not hold, so balances cannot follow from them: see `manage.py verify_ledger`, restore, then try again."""

    def __init__(self, faults: list[Fault]) -> None:
        first = faults[0]
        super().__init__(f"{ChainsBroken.__doc__} {len(faults)} faults; the first: {first.where}: {first.check}.")


class PersonMissing(RuntimeError):
    """There are entries of somebody who is not in the table of people: restore that first."""


class Change(NamedTuple):
    """What an account's row says and what its entries say; (0, 0, 0) where there is no row."""

    account: int
    before: tuple[int, int, int]
    after: tuple[int, int, int]


# An account without entries is at its beginning.
_WANTED = """
CREATE TEMPORARY TABLE wanted_account ON COMMIT DROP AS
SELECT coalesce(a.person_id, e.account_id) AS person_id, a.person_id IS NULL AS missing,
    a.sequence AS sequence_before, a.balance AS balance_before, a.lifetime AS lifetime_before,
    coalesce(e.sequence, 0) AS sequence, coalesce(e.balance_after, 0) AS balance, coalesce(e.lifetime_after, 0) AS lifetime,
    coalesce(e.hash, sha256(convert_to('diana|account|' || a.person_id, 'UTF8'))) AS hash,
    (SELECT max(occurred_at) FROM gamification_entry g
        WHERE g.account_id = coalesce(a.person_id, e.account_id) AND gamification_gain(kind, amount, base) <> 0) AS gained_at
FROM gamification_account a FULL JOIN (
    SELECT DISTINCT ON (account_id) account_id, sequence, balance_after, lifetime_after, hash
    FROM gamification_entry ORDER BY account_id, sequence DESC
) e ON e.account_id = a.person_id
WHERE (a.sequence, a.balance, a.lifetime, a.hash) IS DISTINCT FROM (
    coalesce(e.sequence, 0), coalesce(e.balance_after, 0), coalesce(e.lifetime_after, 0),
    coalesce(e.hash, sha256(convert_to('diana|account|' || a.person_id, 'UTF8'))))
"""
_CHANGES = """
SELECT person_id, coalesce(sequence_before, 0), coalesce(balance_before, 0), coalesce(lifetime_before, 0), sequence, balance,
    lifetime FROM wanted_account ORDER BY person_id
"""
_NOBODY = "SELECT person_id FROM wanted_account w WHERE NOT EXISTS (SELECT FROM users_person WHERE id = w.person_id)"
_OPEN = "INSERT INTO gamification_account (person_id) SELECT person_id FROM wanted_account WHERE missing"
_MOVE = """
UPDATE gamification_account a SET sequence = w.sequence, balance = w.balance, lifetime = w.lifetime, hash = w.hash,
    lifetime_at = coalesce(w.gained_at, a.lifetime_at)
FROM wanted_account w WHERE w.person_id = a.person_id
"""
# Before entries by the award subscriber, which locks progress first: it waits, it does not fail.
_LOCK = "LOCK TABLE gamification_progress, gamification_account, gamification_entry IN SHARE ROW EXCLUSIVE MODE"


def rebuild_balances(*, reason: str, actor: audit.Actor, dry_run: bool = False) -> list[Change]:
    """Make each account's row say what its last entry says; return what was changed, or would be with `dry_run`.

    Needs the owner's connection; nobody writes entries meanwhile. One audit record tells of it if something was changed.
    Raises ChainsBroken, PersonMissing.
    """
    # The record first: it is undone if the owner's part fails, and the owner's part is the last to commit.
    with transaction.atomic(), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_LOCK)
        _check_chains(cursor)
        changes = _mend(cursor, dry_run)
        if changes and not dry_run:
            _record(changes, reason, actor)
    return changes


def _check_chains(cursor: CursorWrapper) -> None:
    """Walk all entries as the owner sees them; raises ChainsBroken. What an account's row says does not matter here."""
    cursor.execute(ROWS, EVERYONE)
    faults = [fault for fault in verify(rows=_fetched(cursor)).faults if fault.check != "account"]
    if faults:
        raise ChainsBroken(faults)


def _fetched(cursor: CursorWrapper) -> Iterator[tuple[Any, ...]]:
    while found := cursor.fetchmany(CHUNK):
        yield from found


def _mend(cursor: CursorWrapper, dry_run: bool) -> list[Change]:
    cursor.execute(_WANTED)
    cursor.execute(_CHANGES)
    changes = [Change(row[0], row[1:4], row[4:7]) for row in cursor.fetchall()]
    cursor.execute(_NOBODY)
    if nobody := cursor.fetchone():
        raise PersonMissing(f"{PersonMissing.__doc__} The first: {nobody[0]}.")
    if not dry_run:
        cursor.execute(_OPEN)
        cursor.execute(_MOVE)
    return changes


def _record(changes: list[Change], reason: str, actor: audit.Actor) -> None:
    """Keep what the first thousand accounts said before and say now."""
    told = changes[:1000]
    audit.record(
        actor=actor,
        act="rebuild_balances",
        target=("gamification.Account", "all" if len(changes) > 1 else changes[0].account),
        before={str(change.account): change.before for change in told},
        after={str(change.account): change.after for change in told} | {"accounts": len(changes)},
        reason=reason,
    )
