"""What the circuit breakers of this process do, for whoever watches: a count, a number, a line in the log."""

import logging
from typing import Any

import pybreaker

from diana import metrics
from diana.events import feed, wakeups

logger = logging.getLogger(__name__)


class Watcher(pybreaker.CircuitBreakerListener):  # type: ignore[misc]  # pybreaker is not looked at
    """Tells metrics and log of each change."""

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:
        """Count it; the first opening and the closing are worth a line, the trials between them are not."""
        metrics.breaker_changed(cb.name, new_state.name)
        if old_state is not None and {old_state.name, new_state.name} in ({"closed", "open"}, {"closed", "half-open"}):
            logger.warning("the circuit breaker of %s is %s", cb.name, new_state.name)


def watch_breakers() -> None:
    """Watch every breaker of the bus; a second call changes nothing."""
    for breaker in (wakeups.breaker, feed.breaker):
        if not any(isinstance(listener, Watcher) for listener in breaker.listeners):
            breaker.add_listener(Watcher())
