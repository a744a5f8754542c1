"""The bot's periodic work, and getting ready to answer. Beat may send a task twice, or two beats may run: a slot is
worked on once.
"""

from datetime import timedelta
from importlib import import_module
from typing import Any

from celery import shared_task
from celery.signals import celeryd_after_setup

from apps.bot import services
from apps.bot.notices import queueing, settling
from diana import clock
from diana.periodic import run_once


@shared_task(name="bot.delete_old_updates", ignore_result=True, time_limit=1800)
def delete_old_updates() -> int | None:
    """Delete updates that were handled more than a week ago, and old notices; return how many updates, None if this hour's
    work was done already.
    """
    now = clock.now()

    def delete() -> int:
        settling.delete_old(now=now)
        return services.delete_old_updates(now=now)

    return run_once("bot.delete_old_updates", timedelta(hours=1), delete, now=now)


@shared_task(name="bot.send_due_notices", ignore_result=True, time_limit=300)
def send_due_notices() -> int:
    """Have the notices that are due sent; return how many messages that makes. Two at once share the work."""
    return queueing.queue_due(now=clock.now())


@celeryd_after_setup.connect
def get_ready_to_answer(instance: Any, **_: Any) -> None:
    """Import what answering takes before the first update comes, in workers that answer."""
    if "telegram" in instance.app.amqp.queues.consume_from:
        import_module("apps.bot.answering")
