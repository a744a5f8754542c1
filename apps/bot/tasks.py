"""The bot's periodic work, and getting ready to answer. Beat may send a task twice, or two beats may run: a slot is
worked on once.
"""

import logging
from datetime import timedelta
from importlib import import_module
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup

from apps.bot import seen_messages, services
from apps.bot.notices import queueing, settling
from apps.bot.outcomes import records
from apps.payments.services import reconcile
from diana import clock
from diana.events import Retry, loop
from diana.periodic import is_done, run_once

logger = logging.getLogger(__name__)


@shared_task(name="bot.delete_old_updates", ignore_result=True, time_limit=1800)
def delete_old_updates() -> int | None:
    """Delete updates that were handled more than a week ago, those of a day ago from groups that were not approved, and old
    notices, unreadable ones, seen messages and shown screens; return how many updates, None if this hour's work was done already.
    """
    now = clock.now()

    def delete() -> int:
        settling.delete_old(now=now)
        seen_messages.delete_old(now=now)
        records.delete_old(now=now)
        services.delete_old_unreadable(now=now)
        return services.delete_old_updates(now=now)

    return run_once("bot.delete_old_updates", timedelta(hours=1), delete, now=now)


@shared_task(name="bot.send_due_notices", ignore_result=True, time_limit=300)
def send_due_notices() -> int:
    """Have the notices that are due sent; return how many messages that makes. Two at once share the work."""
    return queueing.queue_due(now=clock.now())


@shared_task(name="bot.count_group_members", ignore_result=True, time_limit=300)
def count_group_members() -> int:
    """Ask Telegram how many members groups have, each once a day; return how many were asked for. Two at once ask twice. In the
    queue of those who talk to Telegram; no call stands in a transaction.
    """
    from apps.bot.group_calls import count_members

    try:
        return loop.run(count_members())
    except Retry as error:
        logger.warning("members of groups could not be counted: %s", error)
        return 0


@shared_task(name="bot.reconcile_payments", ignore_result=True, time_limit=1800)
def reconcile_payments() -> int | None:
    """Compare payments with Telegram's list and repair what is safe; return how many differences are left, None if this
    day's work was done already, or Telegram gives no list for now: then the next hour asks again. In the queue of those
    who talk to Telegram; no call stands in a transaction.
    """
    from apps.bot.star_transactions import fetch

    now, job, day = clock.now(), "bot.reconcile_payments", timedelta(days=1)
    if is_done(job, day, now=now):
        return None
    try:
        transactions = loop.run(fetch())
    except Retry as error:
        logger.warning("Telegram's list of payments could not be read: %s", error)
        return None
    if run_once(job, day, lambda: True, now=now) is None:
        return None
    report = reconcile(transactions=transactions, now=now)
    if report.left:
        logger.error("payments do not agree with Telegram's: run manage.py reconcile_payments", extra=report.counts())
    return report.left


@celeryd_after_setup.connect
def get_ready_to_answer(instance: Any, **_: Any) -> None:
    """Import what answering takes before the first update comes, in workers that answer."""
    if "telegram" in instance.app.amqp.queues.consume_from:
        import_module("apps.bot.answering")
