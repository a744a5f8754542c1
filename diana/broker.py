"""Celery's transport over Redis, hardened: a message that is none costs itself and not the worker.

As it comes, one queue item that is no JSON, one message with an empty body or one broken row among the unacknowledged
ends the worker, and the latter two end every worker that is started after it. Nothing is lost by dropping them: what
is to be done stands in the log of events.
"""

import logging
from collections.abc import Callable
from queue import Empty
from typing import Any

from kombu import transport
from kombu.transport import redis
from redis.exceptions import DataError

logger = logging.getLogger(__name__)

# What reading a message that is none raises; errors of the connection are others.
BROKEN = (ValueError, TypeError, KeyError, AttributeError, DataError)


class _Restoring:
    """For a QoS: a row that cannot be read is removed instead of being tried for ever."""

    def restore_by_tag(self: Any, tag: str, client: Any = None, leftmost: bool = False) -> None:
        try:
            super().restore_by_tag(tag, client, leftmost)  # type: ignore[misc]
        except BROKEN:
            logger.exception("an unacknowledged message that cannot be read is dropped")
            self._remove_from_indices(tag).execute()


class _Receiving:
    """For a Channel: a message that cannot be read, or that Celery fails to take, is dropped and acknowledged."""

    def _brpop_read(self: Any, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except BROKEN:
            logger.exception("a message that cannot be read is dropped")
            raise Empty from None

    def basic_consume(self: Any, queue: str, *args: Any, **kwargs: Any) -> Any:
        callback: Callable[[Any], Any] = kwargs.pop("callback")

        def take(message: Any) -> Any:
            try:
                return callback(message)
            except BROKEN:
                logger.exception("a message in %s that Celery cannot take is dropped", queue)
                if not kwargs.get("no_ack"):
                    self.basic_ack(message.delivery_tag)
                return None

        return super().basic_consume(queue, *args, callback=take, **kwargs)  # type: ignore[misc]


class QoS(_Restoring, redis.QoS):
    """Redis' own, hardened."""


class Channel(_Receiving, redis.Channel):
    """Redis' own, hardened."""

    QoS = QoS


class Transport(redis.Transport):
    """Behind redis:// addresses."""

    Channel = Channel


class SentinelChannel(_Receiving, redis.SentinelChannel):
    """Sentinel's own, hardened."""

    QoS = QoS


class SentinelTransport(redis.SentinelTransport):
    """Behind sentinel:// addresses."""

    Channel = SentinelChannel


def install() -> None:
    """Have kombu use these for the addresses of Redis, with and without TLS, and of Sentinel."""
    transport.TRANSPORT_ALIASES |= {
        "redis": f"{__name__}:Transport",
        "rediss": f"{__name__}:Transport",
        "sentinel": f"{__name__}:SentinelTransport",
    }
