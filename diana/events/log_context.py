"""What lines of the log say of the bus: which event is being handled, and in a worker which task, woken by whom."""

from collections.abc import Sequence
from typing import Any

from celery.signals import task_postrun, task_prerun

from diana.events.causes import current_cause


def of_the_cause() -> dict[str, str]:
    """Return the ids of the event whose handler runs in this context."""
    cause = current_cause()
    return {"correlation_id": str(cause.correlation_id), "event_id": str(cause.event_id)} if cause else {}


@task_prerun.connect
def begin_task(task: Any = None, args: Sequence[Any] = (), **_: Any) -> None:
    """Have the lines of this thread name the task and the lanes it was sent for; `woken_by` is the newest event behind it."""
    from structlog.contextvars import bind_contextvars, clear_contextvars

    clear_contextvars()
    bind_contextvars(task=task.name)
    if len(args) == 2 and isinstance(args[1], dict):
        bind_contextvars(lanes=args[0], woken_by=args[1].get("correlation_id", args[1].get("by", "")))


@task_postrun.connect
def end_task(**_: Any) -> None:
    """Forget it."""
    from structlog.contextvars import clear_contextvars

    clear_contextvars()
