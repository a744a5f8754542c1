"""A whole verification: accounts, checkpoints, sealed ranges, the audit record, in one snapshot; remembered, so that the next
can be short.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from apps.gamification import events
from apps.gamification.models import Verification
from apps.gamification.proof import comparing, ranges, rows, stamps
from apps.gamification.proof.books import AUDIT, LEDGER, Book
from apps.gamification.proof.checkpoints import Checkpoint
from apps.gamification.verify import Fault, Progress, Report, verify
from diana.bulk import insert_row
from diana.events import publish

logger = logging.getLogger(__name__)

_COLUMNS = {
    "scope": "text",
    "checkpoint": "int8",
    "checkpoint_hash": "bytea",
    "accounts": "int8",
    "entries": "int8",
    "faults": "int8",
    "seconds": "float8",
    "audit_checkpoint": "int8",
    "audit_checkpoint_hash": "bytea",
}
_TOUCHED = "SELECT DISTINCT account_id FROM gamification_entry WHERE id > %s"


def verify_everything(*, progress: Progress | None = None, remember: bool = True) -> Report:
    """Check every entry, account and checkpoint, and the file; remember the outcome."""
    return _run(Verification.Scope.EVERYTHING, None, progress, remember)


def verify_new(*, progress: Progress | None = None, remember: bool = True) -> Report:
    """Check the accounts that were touched since the last verification that found nothing, with all of their entries, and
    the checkpoints made since; everything if there was none.
    """
    base = last_verified()
    if base is None:
        return verify_everything(progress=progress, remember=remember)
    return _run(Verification.Scope.INCREMENTAL, base, progress, remember)


def verify_persons(person_ids: Sequence[int], *, progress: Progress | None = None) -> Report:
    """Check the accounts of these persons, nothing else; nothing is remembered."""
    return verify(person_ids=person_ids, progress=progress)


def announce(report: Report) -> None:
    """Publish the outcome and, if something is wrong, log it as an error."""
    with transaction.atomic():
        publish(events.LedgerVerified(ok=report.ok, entries=report.entries))
    if not report.ok:
        first = report.faults[0]
        logger.error(
            "the ledger does not hold: %s faults, the first: %s: %s: %s; see docs/ledger-proof.md",
            report.faulty, first.where, first.check, first.found,
        )  # fmt: skip


def last_verified() -> Verification | None:
    """Return the last verification that found nothing and knows a checkpoint."""
    return Verification.objects.filter(faults=0, checkpoint__isnull=False).order_by("-id").first()


def _run(scope: str, base: Verification | None, progress: Progress | None, remember: bool) -> Report:
    started = time.monotonic()
    report, early, early_audit = Report(), comparing.read_outside(), comparing.read_outside(AUDIT)
    with snapshot():
        since = _known(report, base)
        live = comparing.check_checkpoints(report, early, since)
        _check_accounts(report, since, progress)
        ranges.check_ranges(report, live, progress, first_id=since.last_id if since else 0)
        newest = live[-1] if live else since
        newest_audit = _check_audit(report, early_audit, base)
    if remember:
        _remember(scope, report, newest, newest_audit, time.monotonic() - started)
    return report


def _check_audit(report: Report, early: comparing.Outside, base: Verification | None) -> Checkpoint | None:
    """Check the audit record under its checkpoints; return the newest one. Of a verification by an earlier release: all."""
    audit = report.audit = Report(of="audit")
    since = _known(audit, base, AUDIT)
    live = comparing.check_checkpoints(audit, early, since, AUDIT)
    ranges.check_ranges(audit, live, first_id=since.last_id if since else 0, book=AUDIT)
    stamps.check_stamps(audit, after_id=since.last_id if since else 0)
    report.add_all(audit)
    return live[-1] if live else since


@contextmanager
def snapshot() -> Iterator[None]:
    """See one state of the ledger in all statements, for as long as it takes; inside a transaction, see what that sees."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _known(report: Report, base: Verification | None, book: Book = LEDGER) -> Checkpoint | None:
    """Return the checkpoint that was verified last, which must be what it was then."""
    if base is None:
        return None
    number, digest = base.checkpoint, base.checkpoint_hash
    if book is AUDIT:
        number, digest = base.audit_checkpoint, base.audit_checkpoint_hash
    if number is None:
        return None
    found = next(rows.after(number - 1, book), None)
    if found is None or found.number != number or found.hash != bytes(digest or b""):
        report.add(Fault(None, None, "table", "verified before, and not in the table any more", number))
        return None
    return found


def _check_accounts(report: Report, since: Checkpoint | None, progress: Progress | None) -> None:
    walked = verify(person_ids=None if since is None else _touched(since.last_id), progress=progress)
    report.accounts, report.entries = walked.accounts, walked.entries
    report.add_all(walked)


def _touched(after_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, [after_id])
        return [row[0] for row in cursor.fetchall()]


def _remember(
    scope: str, report: Report, newest: Checkpoint | None, newest_audit: Checkpoint | None, seconds: float
) -> None:
    numbers = [report.accounts, report.entries, report.faulty, seconds]
    insert_row("gamification_verification", _COLUMNS, [scope, *_named(newest), *numbers, *_named(newest_audit)])


def _named(checkpoint: Checkpoint | None) -> list[Any]:
    return [checkpoint.number, checkpoint.hash] if checkpoint else [None, None]
