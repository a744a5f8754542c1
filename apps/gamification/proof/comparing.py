"""Checks the checkpoints themselves: signatures, the chain, the file against the table. What they seal is for ranges.py."""

import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from apps.gamification.proof import keys, outside, rows
from apps.gamification.proof.books import LEDGER, Book
from apps.gamification.proof.checkpoints import Checkpoint
from apps.gamification.verify import Fault, Report

# A checkpoint is in the file some milliseconds after its commit.
FILE_PATIENCE_SECONDS = 2.0
MISSING = {
    "table": "is not in the table: it was removed, or the database is older than the file, as after a restore",
    "file": "is not in the file: it was removed, or the file is an old copy",
}


class Outside(NamedTuple):
    """The file's checkpoints by number, as read before the table; None if there is no file. `broken`: lines that are none."""

    checkpoints: dict[int, Checkpoint] | None
    broken: list[int]


def read_outside(book: Book = LEDGER) -> Outside:
    """Read the file. It never has more than the table: read it before the table's snapshot is taken."""
    if not book.path().exists():
        return Outside(None, [])
    lines = list(outside.read(book))
    good = {line.checkpoint.number: line.checkpoint for line in lines if line.checkpoint}
    return Outside(
        good, [line.number for line in lines if not line.checkpoint or line.checkpoint.number != line.number]
    )


def check_checkpoints(
    report: Report, early: Outside, since: Checkpoint | None = None, book: Book = LEDGER
) -> list[Checkpoint]:
    """Check every checkpoint above `since` (None: all) in table and file; return those whose entries must be there.

    Where table and file differ, the one that is signed counts. Checkpoints that a later one declares lost with a restore
    are checked too, but not returned.
    """
    start = since.number if since else 0
    table = {checkpoint.number: checkpoint for checkpoint in rows.after(start, book)}
    file = _wait_for(max(table, default=start), early, book)
    if file.checkpoints is None and (table or since):
        report.add(Fault(None, None, "file", "the checkpoint file is missing: bring it back from its copy"))
    for number in file.broken:
        report.add(Fault(None, None, "file", f"line {number} of the checkpoint file is not what was written"))
    if since and file.checkpoints is not None and file.checkpoints.get(start) != since:
        report.add(Fault(None, None, "file", "is not in the file as it was verified", start))
    numbers = sorted({n for n in file.checkpoints or () if n > start} | table.keys())
    public = keys.public_keys()
    chosen = [_choose(report, n, table.get(n), file, public) for n in numbers]
    return check_chain(report, [checkpoint for checkpoint in chosen if checkpoint is not None], since, book)


def _wait_for(newest: int, early: Outside, book: Book) -> Outside:
    """Return the file with all that the table has, given a little time: what was sealed just now is on its way there.

    What has come into the file since the table was read does not count.
    """
    if early.checkpoints is None:
        return early
    found, deadline = early, time.monotonic() + FILE_PATIENCE_SECONDS
    while newest and newest not in (found.checkpoints or ()) and time.monotonic() < deadline:
        time.sleep(0.1)
        found = read_outside(book)
    late = {n: c for n, c in (found.checkpoints or {}).items() if n <= newest}
    return Outside(late | early.checkpoints, found.broken)


def _choose(
    report: Report, number: int, table: Checkpoint | None, file: Outside, public: Mapping[str, bytes]
) -> Checkpoint | None:
    """Return the checkpoint of that number that is genuine, and report what else there is."""
    report.checkpoints += 1
    copies = {"table": table}
    if file.checkpoints is not None:
        copies["file"] = file.checkpoints.get(number)
    genuine = []
    for name, checkpoint in copies.items():
        if problem := MISSING[name] if checkpoint is None else keys.problem_of(checkpoint, public):
            report.add(Fault(None, None, name, problem, number))
        elif checkpoint is not None:
            genuine.append(checkpoint)
    if len(genuine) == 2 and genuine[0] != genuine[1]:
        report.add(Fault(None, None, "file", "table and file hold two different ones, both signed", number))
    return genuine[-1] if genuine else None


def check_chain(
    report: Report, checkpoints: Iterable[Checkpoint], since: Checkpoint | None, book: Book = LEDGER
) -> list[Checkpoint]:
    """Check that each continues the one before it; return those that no later one has declared lost."""
    live = [since] if since else []
    last = since
    for checkpoint in checkpoints:
        number, previous = (last.number + 1, last.hash) if last else (1, book.checkpoint.beginning())
        if checkpoint.resumes is not None:
            report.lost += sum(c.entries for c in live if c.number > checkpoint.resumes)
            live = [c for c in live if c.number <= checkpoint.resumes]
        base = live[-1] if live else None
        expected = (
            ("number", checkpoint.number, number),
            ("previous", checkpoint.previous.hex(), previous.hex()),
            ("after_id", checkpoint.after_id, base.last_id if base else 0),
            ("total", checkpoint.total, (base.total if base else 0) + checkpoint.entries),
        )
        wrong = [f"{name} {found}, not {wanted}" for name, found, wanted in expected if found != wanted]
        if wrong:
            report.add(Fault(None, None, "chain", "; ".join(wrong), checkpoint.number))
        live.append(checkpoint)
        last = checkpoint
    return [checkpoint for checkpoint in live if checkpoint is not since]
