"""A worker's consumer that no message can end: Celery's own gives up on some, and finds them again when it starts anew."""

import logging
from collections.abc import Callable
from typing import Any

from celery.app.utils import filter_hidden_settings
from celery.worker import loops
from celery.worker.consumer import Consumer

from diana import repeated

logger = logging.getLogger(__name__)
Receive = Callable[[Any], Any]

# What Celery and kombu raise about a message that is not what they expect.
MALFORMED = (ValueError, TypeError, LookupError, AttributeError)


class TolerantConsumer(Consumer):
    """Lets messages go that cannot be read; the events they stood for, if any, are in the log and the relay finds them."""

    hub: Any

    class Blueprint(Consumer.Blueprint):  # type: ignore[misc, valid-type]  # its stubs know no class within
        """The consumer's steps, whose statistics go to whoever asks by remote control."""

        def info(self, parent: Any) -> dict[str, Any]:
            """Return the statistics without passwords: Celery leaves in those of Sentinels and of alternates."""
            info: dict[str, Any] = filter_hidden_settings(super().info(parent))
            info.get("broker", {}).pop("alternates", None)
            return info

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Receive:
        """Return what receives a message: one that Celery chokes on is rejected like one that it knows to be invalid."""
        receive: Receive = super().create_task_handler(*args, **kwargs)

        def on_task_received(message: Any) -> Any:
            try:
                return receive(message)
            except MALFORMED as error:
                return self.on_invalid_task(None, message, error)

        return on_task_received

    def loop(self, *args: Any) -> None:
        """Run Celery's loop; what is not even a message is lost with a new connection, and the worker lives."""
        try:
            (loops.asynloop if self.hub else loops.synloop)(*args)
        except MALFORMED as error:
            if repeated.is_new(("queue", type(error).__name__)):
                logger.error("something in the queue is no message; it is let go: %s", error)
            raise ConnectionError("The queue held something that is no message.") from error
