"""One Celery task for each subscriber, under the subscriber's own name: what operators see go by in Flower."""

import contextlib
import gc
import signal
import threading
from collections.abc import Callable
from typing import Any

from billiard import active_children
from celery import shared_task
from celery.signals import task_failure, task_prerun, worker_process_init, worker_ready, worker_shutting_down

from diana import stopping
from diana.events import other_code, presence, subscriptions, wakeups
from diana.events.connections import freshen_connections, replace_connections
from diana.events.subscriptions import Subscriber
from diana.events.waker import waker
from diana.events.work import BY_RELAY, visit


def register_tasks() -> None:
    """Give every subscriber its task; a second call changes nothing."""
    for subscriber in subscriptions.subscribers():
        shared_task(name=subscriber.name, ignore_result=True)(_body(subscriber))


def _body(subscriber: Subscriber) -> Callable[..., str]:
    def task(*args: Any, **kwargs: Any) -> str:
        wake = other_code.read_wake(subscriber.name, args, kwargs)
        if wake is None:
            return "unread"
        if wake.hint == BY_RELAY:
            with contextlib.suppress(wakeups.Unavailable):
                wakeups.consume_relay(subscriber.name)
        return visit(subscriber, wake.lanes, wake.hint)

    task.__name__ = subscriber.function.__name__
    task.__doc__ = subscriber.function.__doc__
    return task


@task_prerun.connect
def keep_connections(**_: Any) -> None:
    """Go on with the connections of the last task: Celery's own habit, which config/celery.py turns off, is a new one each.

    A worker is seen from its first task on: at its start the database may hang for longer than Celery waits for a child.
    """
    freshen_connections()
    presence.announce_worker()


task_failure.connect(replace_connections)


@worker_shutting_down.connect
def stop_in_time(**_: Any) -> None:
    """Finish the batches under way, as Celery does, but not for ever: the database or the broker may hang."""
    stopping.end_within(children=lambda: [child.pid for child in active_children() if child.pid])


@worker_ready.connect
def bound_cold_stops(**_: Any) -> None:
    """On SIGQUIT Celery says that it shuts down only after what may hang: the time is counted from the signal itself."""
    if threading.current_thread() is not threading.main_thread():
        return
    celerys = signal.getsignal(signal.SIGQUIT)

    def end(number: int, frame: Any) -> None:
        stop_in_time()
        if callable(celerys):
            celerys(number, frame)

    signal.signal(signal.SIGQUIT, end)


@worker_process_init.connect
@worker_ready.connect
def warm_up(**_: Any) -> None:
    """Open a worker's connections before its first event; what was imported need not be looked at for garbage again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    waker().warm_up()
