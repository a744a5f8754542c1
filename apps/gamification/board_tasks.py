"""Periodic work on boards: the cache of ranks, the end of periods, old rows. Two schedulers do no harm."""

import logging

from celery import shared_task

from apps.gamification.boards import cache, closing, refreshing
from diana import clock

logger = logging.getLogger(__name__)


@shared_task(name="gamification.refresh_boards", ignore_result=True, time_limit=300)
def refresh_boards() -> int | None:
    """Bring the cache up to date; return how many changes it took, None if that did not work out: the next pass will."""
    try:
        done = refreshing.refresh(clock.now())
    except cache.Unavailable as error:
        logger.warning("the cache of boards is away, ranks are counted meanwhile: %s", error)
        return None
    except cache.Late as error:
        logger.warning("this pass came too late, a newer one has written %s", error)
        return None
    if done and done.built:
        logger.info("built %d sets of boards", done.built)
    return done.changes if done else None


@shared_task(name="gamification.close_boards", ignore_result=True, time_limit=600)
def close_boards() -> int:
    """Close the periods that are due; return how many."""
    closed = closing.close_due(clock.now())
    for one in closed:
        logger.info("closed the %s board of %s: %d ranked, %d told", one.board, one.period, one.ranked, one.told)
    return len(closed)


@shared_task(name="gamification.forget_board_rows", ignore_result=True, time_limit=1800)
def forget_board_rows() -> int:
    """Remove rows of periods that are long over; return how many."""
    return closing.forget_old_rows(clock.now())
