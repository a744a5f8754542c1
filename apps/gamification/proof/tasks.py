"""The proof's periodic work: a seal each minute, what is new checked each hour, everything each night."""

import logging
from datetime import datetime, timedelta

from celery import shared_task

from apps.gamification.proof import fence, outside, sealing, verifying
from apps.gamification.proof.books import AUDIT, LEDGER, Book
from diana import clock
from diana.periodic import run_once

logger = logging.getLogger(__name__)


@shared_task(name="gamification.seal_ledger", ignore_result=True, time_limit=300)
def seal_ledger() -> int | None:
    """Seal what is new in ledger and audit record, whatever keeps the other from it; return the ledger's checkpoint's
    number, None if nothing was sealed in it.
    """
    now = clock.now()
    number = _seal(LEDGER, now)
    _seal(AUDIT, now)
    return number


def _seal(book: Book, now: datetime) -> int | None:
    """Seal what is new in the book; return the checkpoint's number.

    The slot commits with the checkpoint; the file follows after the commit, also what an earlier run has left undone.
    """
    job = f"gamification.seal_{book.name}"
    try:
        sealed = run_once(job, timedelta(minutes=1), lambda: sealing.seal(now=now, book=book), now=now)
        outside.catch_up(book)
    except fence.StillOpen as error:
        logger.warning("not sealed: %s", error)
        return None
    except (outside.OutsideError, OSError) as error:
        logger.error("the %s is not sealed: %s; see docs/ledger-proof.md", book.title, " ".join(str(error).split()))
        return None
    return sealed.number if sealed else None


@shared_task(name="gamification.verify_new_entries", ignore_result=True, time_limit=3600)
def verify_new_entries() -> bool | None:
    """Check what is new, once an hour; return whether it holds, None if this hour's work was done already."""
    if not _due("gamification.verify_new_entries", timedelta(hours=1)):
        return None
    report = verifying.verify_new()
    if not report.ok:
        verifying.announce(report)
    return report.ok


@shared_task(name="gamification.verify_ledger", ignore_result=True, time_limit=6 * 3600)
def verify_ledger() -> bool | None:
    """Check everything, once a day, and publish the outcome; return it, None if this day's work was done already."""
    if not _due("gamification.verify_ledger", timedelta(days=1)):
        return None
    report = verifying.verify_everything()
    verifying.announce(report)
    return report.ok


def _due(job: str, period: timedelta) -> bool:
    """Claim the slot in a commit of its own: a verification takes long, and needs a snapshot of its own.

    One that is killed is made up for by the next.
    """
    return run_once(job, period, lambda: True, now=clock.now()) is True
