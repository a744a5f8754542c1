"""Sealing: a signed checkpoint over what is new in a book since the last one: entries of the ledger, or audit records.

The sealer does not judge what it seals, the database has checked each entry when it came; from then on nobody can change
it unnoticed. It works through what is new only, at most 100,000 entries a checkpoint.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction

from apps.gamification.decide.facts import microseconds
from apps.gamification.proof import fence, index, keys, outside, rows
from apps.gamification.proof.books import LEDGER, Book
from apps.gamification.proof.checkpoints import Checkpoint, Sealed, roots

logger = logging.getLogger(__name__)

MOST_ENTRIES = 100_000
PATIENCE_SECONDS = 5.0


class NothingToResume(RuntimeError):
    """The checkpoint file is not ahead of the table: no restore is to be declared. Seal as always."""


def seal_all(*, now: datetime, patience: float = PATIENCE_SECONDS, book: Book = LEDGER) -> list[Checkpoint]:
    """Seal everything that is final, each checkpoint in a commit of its own, and bring the file up to date.

    Raises fence.StillOpen, outside.OutsideError, keys.NoSigningKey; what was sealed before stays.
    """
    sealed: list[Checkpoint] = []
    try:
        # what comes meanwhile is for the next run
        while not sealed or sealed[-1].entries == MOST_ENTRIES:
            checkpoint = seal(now=now, patience=patience, book=book)
            if checkpoint is None:
                break
            sealed.append(checkpoint)
    finally:
        outside.catch_up(book)
    return sealed


def seal(
    *, now: datetime, patience: float = PATIENCE_SECONDS, most: int = MOST_ENTRIES, book: Book = LEDGER
) -> Checkpoint | None:
    """Append the next checkpoint to the table and return it; None if no entry is new. The file is the caller's business,
    after the commit: outside.catch_up().

    Waits so many seconds for transactions that may still commit an entry. Two sealers wait for each other. Raises as
    seal_all().
    """
    with transaction.atomic():
        _wait_for_turn(book)
        last = rows.last(book)
        outside.check(last, book)
        return _append(last, base=last, resumes=None, now=now, patience=patience, most=most, book=book)


def resume(*, now: datetime, patience: float = PATIENCE_SECONDS, book: Book = LEDGER) -> Checkpoint:
    """Go on after a restore: take over the checkpoints that only the file has, then seal what is there, saying after which
    checkpoint the ledger goes on. Raises NothingToResume, and as seal_all().
    """
    with transaction.atomic():
        _wait_for_turn(book)
        base, found = rows.last(book), outside.tip(book)
        if found is None or found.number <= (base.number if base else 0):
            raise NothingToResume(NothingToResume.__doc__)
        last = _take_over(base, book)
        resumes = base.number if base else 0
        checkpoint = _append(last, base=base, resumes=resumes, now=now, patience=patience, most=MOST_ENTRIES, book=book)
        assert checkpoint is not None
    outside.catch_up(book)
    return checkpoint


def _wait_for_turn(book: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [book.lock])


def _take_over(base: Checkpoint | None, book: Book) -> Checkpoint:
    """Append the file's checkpoints above the table's newest; return the last. Only genuine ones that continue it."""
    public, last = keys.public_keys(), base
    for line in outside.read(book):
        checkpoint = line.checkpoint
        if checkpoint is None or keys.problem_of(checkpoint, public):
            raise outside.FileDiffers(f"Line {line.number} of {book.path()} is not genuine.")
        if base is None or checkpoint.number > base.number:
            # what was sealed is lost, and with it the index
            rows.add(checkpoint, bytes(20 * checkpoint.entries), book)
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
    book: Book,
) -> Checkpoint | None:
    """Seal the entries above those of `base` in a checkpoint that follows on `last`; nothing new seals only a restore."""
    key_id = keys.current_key_id()
    upto = fence.bound(patience=patience, book=book)
    after_id = base.last_id if base else 0
    entries = list(read_entries(after_id, upto, most, book))
    if not entries and resumes is None:
        return None
    if len(entries) == most:
        upto = entries[-1].id
    found = roots(entries)
    checkpoint = keys.sign(
        book.checkpoint(
            number=last.number + 1 if last else 1,
            previous=last.hash if last else book.checkpoint.beginning(),
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
    rows.add(checkpoint, index.pack(entries), book)
    logger.info(
        "sealed %scheckpoint %s: %s %s up to %s, hash %s",
        "" if book is LEDGER else f"{book.name} ", checkpoint.number, checkpoint.entries, book.several, checkpoint.last_id,
        checkpoint.hash.hex(),
    )  # fmt: skip
    return checkpoint


def read_entries(after_id: int, last_id: int, most: int, book: Book = LEDGER) -> Iterator[Sealed]:
    """Yield what a checkpoint keeps of the entries of a range, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(f"{book.rows} WHERE id > %s AND id <= %s ORDER BY id LIMIT %s", [after_id, last_id, most])
        for row in cursor.fetchall():
            yield Sealed._make(row)


def count_entries(after_id: int, last_id: int, book: Book = LEDGER) -> int:
    """Return how many entries a range has."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({book.rows} WHERE id > %s AND id <= %s) s", [after_id, last_id])
        found: int = cursor.fetchone()[0]
        return found
