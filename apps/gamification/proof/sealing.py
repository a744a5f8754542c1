"""Sealing: a signed checkpoint over the entries that are new since the last one.

The sealer does not judge what it seals, the database has checked each entry when it came; from then on nobody can change
it unnoticed. It works through what is new only, at most 100,000 entries a checkpoint.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction

from apps.gamification.decide.facts import microseconds
from apps.gamification.proof import fence, index, keys, outside, rows
from apps.gamification.proof.checkpoints import BEGINNING, Checkpoint, Sealed, roots

logger = logging.getLogger(__name__)

MOST_ENTRIES = 100_000
PATIENCE_SECONDS = 5.0
# Whoever seals holds it; the number has no meaning.
SEALER_LOCK = 7_310_001

_ENTRIES = """
SELECT id, account_id, sequence, balance_after, lifetime_after, hash FROM gamification_entry
WHERE id > %s AND id <= %s ORDER BY id LIMIT %s
"""


class NothingToResume(RuntimeError):
    """The checkpoint file is not ahead of the table: no restore is to be declared. Seal as always."""


def seal_all(*, now: datetime, patience: float = PATIENCE_SECONDS) -> list[Checkpoint]:
    """Seal everything that is final, each checkpoint in a commit of its own, and bring the file up to date.

    Raises fence.StillOpen, outside.OutsideError, keys.NoSigningKey; what was sealed before stays.
    """
    sealed: list[Checkpoint] = []
    try:
        # what comes meanwhile is for the next run
        while not sealed or sealed[-1].entries == MOST_ENTRIES:
            checkpoint = seal(now=now, patience=patience)
            if checkpoint is None:
                break
            sealed.append(checkpoint)
    finally:
        outside.catch_up()
    return sealed


def seal(*, now: datetime, patience: float = PATIENCE_SECONDS, most: int = MOST_ENTRIES) -> Checkpoint | None:
    """Append the next checkpoint to the table and return it; None if no entry is new. The file is the caller's business,
    after the commit: outside.catch_up().

    Waits so many seconds for transactions that may still commit an entry. Two sealers wait for each other. Raises as
    seal_all().
    """
    with transaction.atomic():
        _wait_for_turn()
        last = rows.last()
        outside.check(last)
        return _append(last, base=last, resumes=None, now=now, patience=patience, most=most)


def resume(*, now: datetime, patience: float = PATIENCE_SECONDS) -> Checkpoint:
    """Go on after a restore: take over the checkpoints that only the file has, then seal what is there, saying after which
    checkpoint the ledger goes on. Raises NothingToResume, and as seal_all().
    """
    with transaction.atomic():
        _wait_for_turn()
        base, found = rows.last(), outside.tip()
        if found is None or found.number <= (base.number if base else 0):
            raise NothingToResume(NothingToResume.__doc__)
        last = _take_over(base)
        resumes = base.number if base else 0
        checkpoint = _append(last, base=base, resumes=resumes, now=now, patience=patience, most=MOST_ENTRIES)
        assert checkpoint is not None
    outside.catch_up()
    return checkpoint


def _wait_for_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])


def _take_over(base: Checkpoint | None) -> Checkpoint:
    """Append the file's checkpoints above the table's newest; return the last. Only genuine ones that continue it."""
    public, last = keys.public_keys(), base
    for line in outside.read():
        checkpoint = line.checkpoint
        if checkpoint is None or keys.problem_of(checkpoint, public):
            raise outside.FileDiffers(f"Line {line.number} of {outside.path()} is not genuine.")
        if base is None or checkpoint.number > base.number:
            # what was sealed is lost, and with it the index
            rows.add(checkpoint, bytes(20 * checkpoint.entries))
            last = checkpoint
    assert last is not None
    return last


def _append(
    last: Checkpoint | None,
    *,
    base: Checkpoint | None,
    resumes: int | None,
    now: datetime,
    patience: float,
    most: int,
) -> Checkpoint | None:
    """Seal the entries above those of `base` in a checkpoint that follows on `last`; nothing new seals only a restore."""
    key_id = keys.current_key_id()
    upto = fence.bound(patience=patience)
    after_id = base.last_id if base else 0
    entries = list(read_entries(after_id, upto, most))
    if not entries and resumes is None:
        return None
    if len(entries) == most:
        upto = entries[-1].id
    found = roots(entries)
    checkpoint = keys.sign(
        Checkpoint(
            number=last.number + 1 if last else 1,
            previous=last.hash if last else BEGINNING,
            after_id=after_id,
            last_id=max(upto, after_id),
            entries=found.entries,
            total=(base.total if base else 0) + found.entries,
            accounts=found.accounts,
            entries_root=found.entries_root,
            heads_root=found.heads_root,
            sealed_at=microseconds(now),
            resumes=resumes,
            key_id=key_id,
        )
    )
    rows.add(checkpoint, index.pack(entries))
    logger.info(
        "sealed checkpoint %s: %s entries up to %s, hash %s",
        checkpoint.number, checkpoint.entries, checkpoint.last_id, checkpoint.hash.hex(),
    )  # fmt: skip
    return checkpoint


def read_entries(after_id: int, last_id: int, most: int) -> Iterator[Sealed]:
    """Yield what a checkpoint keeps of the entries of a range, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [after_id, last_id, most])
        for row in cursor.fetchall():
            yield Sealed._make(row)


def count_entries(after_id: int, last_id: int) -> int:
    """Return how many entries a range has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gamification_entry WHERE id > %s AND id <= %s", [after_id, last_id])
        found: int = cursor.fetchone()[0]
        return found
