"""Checks that the entries which checkpoints have sealed are there as they were: none altered, gone, added."""

from collections.abc import Iterator, Sequence

from django.db import connection, transaction

from apps.gamification.proof import index, rows
from apps.gamification.proof.books import LEDGER, Book
from apps.gamification.proof.checkpoints import Checkpoint, Roots, Sealed, roots
from apps.gamification.verify import Fault, Progress, Report

CHUNK = 5000
# Entries of one checkpoint that are told one by one; more are only counted.
MOST_NAMED = 100
# No sequence gives out an id below 1, but somebody might.
LOWEST_ID = -(1 << 63)


def check_ranges(
    report: Report,
    checkpoints: Sequence[Checkpoint],
    progress: Progress | None = None,
    first_id: int = 0,
    book: Book = LEDGER,
) -> None:
    """Compare the entries of each checkpoint's range with its roots, and count those above all of them.

    The ranges follow one another from `first_id` on; what lies below it was checked before, with 0 it is checked too.
    """
    stream = _entries(first_id or LOWEST_ID, book)
    waiting: Sealed | None = next(stream, None)
    for checkpoint in checkpoints:
        found: list[Sealed] = []
        while waiting is not None and waiting.id <= checkpoint.after_id:
            report.add(Fault(waiting.account, waiting.id, "added", "below the seals, and in none of them"))
            waiting = next(stream, None)
        while waiting is not None and waiting.id <= checkpoint.last_id:
            found.append(waiting)
            waiting = next(stream, None)
        _check_range(report, checkpoint, found, book)
        report.sealed += len(found)
        if progress:
            progress(report.sealed)
    report.unsealed += (waiting is not None) + sum(1 for _ in stream)


def _check_range(report: Report, checkpoint: Checkpoint, found: list[Sealed], book: Book) -> None:
    sealed = Roots(checkpoint.entries, checkpoint.accounts, checkpoint.entries_root, checkpoint.heads_root)
    stored = rows.index_of(checkpoint.number, book)
    if roots(found) == sealed:
        if stored and stored != index.pack(found):
            report.add(Fault(None, None, "index", "the index of the entries was altered", checkpoint.number))
        return
    number, span = checkpoint.number, f"{book.several} {checkpoint.after_id + 1} to {checkpoint.last_id}"
    short = f"{len(found)} are there, {sealed.entries} were sealed"
    what = "they are not those that were sealed" if len(found) == sealed.entries else short
    report.add(Fault(None, None, "sealed", f"{span}: {what}", number))
    for change in index.changes(stored, found)[:MOST_NAMED]:
        report.add(Fault(change.account, change.entry, change.kind, f"{change.kind} since it was sealed", number))


def _entries(after_id: int, book: Book) -> Iterator[Sealed]:
    """Stream what checkpoints keep of the book's entries above the id."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f"{book.rows} WHERE id > %s ORDER BY id", [after_id])
        while found := cursor.fetchmany(CHUNK):
            for row in found:
                yield Sealed._make(row)
