"""The way in for one update's body, whether Telegram delivered it to the webhook or a poller fetched it.

The same limits, the same transaction and the same counts for both; nothing here knows of HTTP.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError

from apps.bot import checkout, incoming, services
from apps.bot.models import Refusal

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
Reason = Refusal.Reason


class Refused(Exception):
    """The body does not come in, and is counted under this reason."""

    def __init__(self, reason: Refusal.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


def receive(body: bytes, *, now: datetime) -> dict[str, Any] | None:
    """Keep the update, or answer the question whether somebody may pay; return the call that Telegram is to get, if any.

    Raises Refused, and what the database raises.
    """
    return handle(read(body), body, now=now)


def read(body: bytes) -> incoming.Incoming:
    """Return the outside of the update; raises Refused for a body that is too large or no update."""
    if len(body) > MAX_BODY_BYTES:
        raise Refused(Reason.SIZE)
    try:
        return incoming.decode(body)
    except incoming.Malformed as error:
        raise Refused(Reason.BODY) from error


def handle(
    update: incoming.Incoming, body: bytes, *, now: datetime, within: float | None = None
) -> dict[str, Any] | None:
    """Do for an update that was read what receive() says. A question before a payment leaves nothing but its answer, which
    is a no after `within` seconds.
    """
    if update.asked is not None:
        return checkout.answer(update.asked, within=within)
    services.receive_update(incoming=update, body=body, now=now)
    return None


def count(reason: Refusal.Reason, *, now: datetime) -> None:
    """Count the refusal; what must be refused is refused without a database too."""
    try:
        services.count_refusal(reason, now=now)
    except (DatabaseError, InterfaceError):
        logger.warning("a refusal (%s) could not be counted", reason)
