"""A Celery application for tests with a periodic job that is sent five times a second and may be done once a second."""

from datetime import timedelta

from celery import shared_task

from config.celery import app

__all__ = ["app"]

app.conf.beat_schedule = {
    "tests.tick": {"task": "tests.tick", "schedule": timedelta(seconds=0.2), "options": {"queue": "ticks"}}
}
# Otherwise beat looks at its schedule every five minutes.
app.conf.beat_max_loop_interval = 0.2


@shared_task(name="tests.tick", ignore_result=True)
def tick() -> None:
    """Count something visible, once a second."""
    from apps.bot import services
    from apps.bot.models import Refusal
    from diana import clock
    from diana.periodic import run_once

    now = clock.now()
    services.count_refusal(Refusal.Reason.SECRET, now=now)
    run_once(
        "tests.tick", timedelta(seconds=1), lambda: services.count_refusal(Refusal.Reason.METHOD, now=now), now=now
    )
