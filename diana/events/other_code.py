"""What this code must leave to other code: cursors that another version keeps, and messages that it cannot read.

During a deploy two versions share one queue, so that either gets wake-ups meant for the other. Nothing depends on them:
they are let go without noise, and the relay of the version they are for sends the next one a second later.
"""

import contextlib
import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from celery.signals import task_unknown, worker_init

from diana import repeated
from diana.events import wakeups
from diana.events.lanes import LANES
from diana.events.subscriptions import Hint

logger = logging.getLogger(__name__)


class Wake(NamedTuple):
    """What a message asks for: these lanes, beside those whose flags are up."""

    lanes: list[int]
    hint: Hint


def leave(subscriber: str, error: Exception) -> None:
    """Say, once a minute, why a subscriber's lanes are left alone: nobody's failure, nothing is lost."""
    if repeated.is_new((subscriber, type(error).__name__)):
        logger.error("%s is left alone: %s", subscriber, error)


def read_wake(subscriber: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Wake | None:
    """Read a message's arguments: one lane, a list of them or none, and a hint. None for what this code cannot read."""
    if len(args) == 2 and not kwargs:
        found, hint = args
        lanes = [] if found is None else found if isinstance(found, list) else [found]
        if all(type(lane) is int for lane in lanes) and isinstance(hint, dict):
            return Wake([lane for lane in lanes if 0 <= lane < LANES], hint)
    if repeated.is_new((subscriber, "arguments")):
        logger.warning("a message for %s has arguments of other code; it is let go, the relay will wake", subscriber)
    return None


@task_unknown.connect
def give_back(name: str = "", **_: Any) -> None:
    """Let a wake-up go whose subscriber only newer code knows, so that its relay need not wait for an answer."""
    with contextlib.suppress(Exception):
        wakeups.forget_sent([name])
        wakeups.consume_relay(name)


# How Celery begins its complaints about messages, each several lines long with the whole message in it.
_COMPLAINTS = (
    "Received unregistered task",
    "Received and deleted unknown message",
    "Received invalid task message",
    "Can't decode message body",
)


class SayOnce(logging.Filter):
    """Lets each of Celery's complaints about messages of other code pass once a minute, on one line, without the message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record may pass."""
        complaint = next((text for text in _COMPLAINTS if str(record.msg).startswith(text)), None)
        if complaint is None:
            return True
        # A task's name for the first, which is what operators need to know; the others begin with the message itself.
        about = (
            " " + str(record.args[0]).strip("'")
            if complaint == _COMPLAINTS[0] and isinstance(record.args, tuple)
            else ""
        )
        if not repeated.is_new((complaint, about)):
            return False
        record.msg, record.args, record.exc_info = f"{complaint}{about}; it is let go", None, None
        return True


@worker_init.connect
def speak_less(**_: Any) -> None:
    """Have a worker complain once a minute."""
    logging.getLogger("celery.worker.consumer.consumer").addFilter(SayOnce())
