"""The checkpoints outside the database: for each book a file of JSON lines that only grows (LEDGER_CHECKPOINTS and beside it).

A checkpoint is committed to its table first; then the file is caught up from the table. A crash in between leaves the
file behind by what the next run appends; twice appends nothing. Copy the file away often: what guards the ledger against
whoever owns this machine is a copy that they cannot reach.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from apps.gamification.proof import rows
from apps.gamification.proof.books import LEDGER, Book
from apps.gamification.proof.checkpoints import Checkpoint, NotACheckpoint, as_line, from_line

logger = logging.getLogger(__name__)

# A line is some 600 bytes.
TAIL_BYTES = 8192


class OutsideError(RuntimeError):
    """File and table of the checkpoints do not agree; nothing is sealed or written before somebody has looked."""


class FileMissing(OutsideError):
    """The checkpoint file is gone although there are checkpoints. Bring it back from its copy; where there never was one
    (a new machine), `manage.py seal_ledger --new-file` writes it from the table.
    """


class FileAhead(OutsideError):
    """The checkpoint file is ahead of the table: the database is older than the file, as after a restore. If that is what
    happened, `manage.py seal_ledger --after-restore` goes on from here, and says so in the next checkpoint.
    """


class FileDiffers(OutsideError):
    """The checkpoint file and the table differ: one of them was rewritten. `manage.py verify_ledger` says where."""


class Line(NamedTuple):
    """A line of the file: its number in the file, and its checkpoint unless it is none."""

    number: int
    checkpoint: Checkpoint | None


def read(book: Book = LEDGER) -> Iterator[Line]:
    """Yield the file's lines; nothing if there is no file. One cut off at the end is still being written: not yielded."""
    try:
        with book.path().open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield Line(number, from_line(line, book.checkpoint))
                except NotACheckpoint:
                    yield Line(number, None)
    except FileNotFoundError:
        return


def tip(book: Book = LEDGER) -> Checkpoint | None:
    """Return the file's last checkpoint; None for an empty file. Raises FileMissing, FileDiffers for an unreadable line."""
    try:
        with book.path().open("rb") as file:
            return _tip(file, book)
    except FileNotFoundError as error:
        raise FileMissing(FileMissing.__doc__) from error


def check(last: Checkpoint | None, book: Book = LEDGER) -> None:
    """Compare the file's last line with the table's newest checkpoint before anything is built on it.

    The file may be behind; makes it where nothing was ever sealed. Raises OutsideError.
    """
    if last is None and not book.path().exists():
        begin(book)
    _agree(tip(book), last, book)


def _agree(found: Checkpoint | None, last: Checkpoint | None, book: Book) -> None:
    """Raise FileAhead or FileDiffers unless the file's last checkpoint stands in the table."""
    if found is None:
        return
    if last is None or found.number > last.number:
        raise FileAhead(FileAhead.__doc__)
    if next(rows.after(found.number - 1, book), None) != found:
        raise FileDiffers(FileDiffers.__doc__)


def begin(book: Book = LEDGER) -> None:
    """Make an empty file, and its folder; leaves one that is there alone."""
    book.path().parent.mkdir(parents=True, exist_ok=True)
    book.path().open("ab").close()
    _sync_folder(book)


def catch_up(book: Book = LEDGER) -> int:
    """Append the checkpoints that the file lacks, and have them on the disk; return how many. Raises OutsideError."""
    with _alone(book) as file:
        _mend(file, book)
        found = _tip(file, book)
        _agree(found, rows.last(book), book)
        number, added = found.number if found else 0, 0
        for checkpoint in rows.after(number, book):
            file.write(as_line(checkpoint))
            added += 1
        if added:
            file.flush()
            os.fsync(file.fileno())
        return added


@contextmanager
def _alone(book: Book) -> Iterator[BinaryIO]:
    """Open the file for reading and appending while no other process of this machine does."""
    try:
        file = book.path().open("r+b")
    except FileNotFoundError as error:
        if rows.last(book) is not None:
            raise FileMissing(FileMissing.__doc__) from error
        begin(book)
        file = book.path().open("r+b")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _tip(file: BinaryIO, book: Book) -> Checkpoint | None:
    """Return the last whole line's checkpoint; leaves the file at its end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    whole, newline, _ = file.read().rpartition(b"\n")
    file.seek(0, os.SEEK_END)
    if not newline:
        return None
    try:
        return from_line(whole.rpartition(b"\n")[2], book.checkpoint)
    except NotACheckpoint as error:
        raise FileDiffers(f"The last line of {book.path()} is no checkpoint. {FileDiffers.__doc__}") from error


def _mend(file: BinaryIO, book: Book) -> None:
    """Cut off what a crash has left of a line that was never whole; its checkpoint is in the table."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read()
    if torn := len(tail) - (tail.rfind(b"\n") + 1):
        logger.warning("the last line of %s was cut off: it is written anew", book.path())
        file.truncate(size - torn)
    file.seek(0, os.SEEK_END)


def _sync_folder(book: Book) -> None:
    """Have the file's name on the disk."""
    folder = os.open(book.path().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
