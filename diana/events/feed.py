"""The live feed: what was published, without payloads, on a channel of Redis, for whoever looks at this moment.

Best effort and no more: it is capped, drops under load and during outages, and nobody may build a truth on it. A thread
of its own sends at intervals, so that wake-ups never wait for it; while nobody listens it sends almost nothing.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence

import msgspec
import pybreaker
from django.conf import settings

from diana import metrics
from diana.events import wakeups
from diana.events.envelope import Envelope

logger = logging.getLogger(__name__)

CHANNEL = "diana:feed"
# Nobody listened: so long nothing is collected.
UNHEARD_SECONDS = 1.0

# One of its own: a breaker lets one call through at a time, and wake-ups are not to queue behind the feed.
breaker = pybreaker.CircuitBreaker(
    fail_max=settings.EVENTS_BREAKER_FAILURES, reset_timeout=settings.EVENTS_BREAKER_RESET_SECONDS, name="feed"
)


class Feed:
    """Collects events and sends what has come together, EVENTS_FEED_INTERVAL_SECONDS after the first of them."""

    def __init__(self) -> None:
        self._waiting: deque[Envelope] = deque()
        self._dropped = 0
        self._silent_until = 0.0
        self._changed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="diana-feed", daemon=True)
        self._thread.start()

    def offer(self, envelopes: Sequence[Envelope]) -> None:
        """Take the first of these events as far as there is room; returns at once."""
        if time.monotonic() < self._silent_until:
            return
        room = max(0, settings.EVENTS_FEED_WAITING - len(self._waiting))
        taken = envelopes[: min(room, settings.EVENTS_FEED_PER_COMMIT)]
        self._waiting.extend(taken)
        self._dropped += len(envelopes) - len(taken)
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.wait()
            time.sleep(settings.EVENTS_FEED_INTERVAL_SECONDS)
            self._changed.clear()
            try:
                self._send()
            except Exception:
                logger.exception("the live feed failed")

    def _send(self) -> None:
        """Send what waits in one go. What could not be sent is dropped; who hears nothing is not spoken to for a while."""
        dropped, self._dropped = self._dropped, 0
        lines = [encode(self._waiting.popleft()) for _ in range(len(self._waiting))]
        heard: list[int] = []
        try:
            if lines and not wakeups.is_open():
                # The first one finds out whether it is worth it.
                heard = breaker.call(_publish, lines[:1])
                if any(heard) and len(lines) > 1:
                    heard += breaker.call(_publish, lines[1:])
        except Exception as error:
            logger.debug("the live feed is cut: %s", error)
        if any(heard):
            metrics.fed("sent", len(heard))
            dropped += len(lines) - len(heard)
        else:
            # What nobody would have heard is not counted as dropped.
            dropped = 0
            self._silent_until = time.monotonic() + UNHEARD_SECONDS
        if dropped:
            metrics.fed("dropped", dropped)


def _publish(lines: Sequence[bytes]) -> list[int]:
    """Publish the lines; return how many heard each."""
    with wakeups.client().pipeline(transaction=False) as pipeline:
        for line in lines:
            pipeline.publish(CHANNEL, line)
        return [int(answer) for answer in pipeline.execute()]


def encode(envelope: Envelope) -> bytes:
    """Return what the feed says of an event: never its payload."""
    return msgspec.json.encode(
        {
            "event_id": envelope.event_id,
            "type": envelope.type,
            "version": envelope.version,
            "key": envelope.key,
            "user_id": envelope.user_id,
            "occurred_at": envelope.occurred_at,
            "correlation_id": envelope.correlation_id,
        }
    )


_feeds: dict[int, Feed] = {}
_starting = threading.Lock()


def offer(envelopes: Sequence[Envelope]) -> None:
    """Put committed events on the live feed, if there is one; returns at once and never fails."""
    if not settings.EVENTS_FEED:
        return
    found = _feeds.get(os.getpid())
    if found is None:
        with _starting:
            found = _feeds.get(os.getpid())
            if found is None:
                _feeds.clear()
                found = _feeds[os.getpid()] = Feed()
    found.offer(envelopes)
