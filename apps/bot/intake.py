"""The way in for one update's body, whether Telegram delivered it to the webhook or a poller fetched it.

The same limits, the same transaction and the same counts for both; nothing here knows of HTTP.
"""

import logging
import re
from datetime import datetime
from typing import Any

from apps.bot import checkout, incoming, reading, services
from apps.bot.models import Refusal, Unreadable

logger = logging.getLogger(__name__)

# An ordinary text with a reply takes 130 KiB at most, a rich one with a quote 790 KiB: Telegram escapes each character.
MAX_BODY_BYTES = 1024 * 1024
Reason = Refusal.Reason
# Telegram names it first.
_NUMBER = re.compile(rb'\s*\{\s*"update_id"\s*:\s*(\d{1,18})\s*[,}]')


class Refused(Exception):
    """The body does not come in, and is counted under this reason."""

    def __init__(self, reason: Refusal.Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class SetAside(Refused):
    """The body is an update and its sender need not repeat it, but it cannot be read: it is kept whole, for operators."""

    def __init__(self, problem: str) -> None:
        super().__init__(Reason.BODY)
        self.problem = problem


def receive(body: bytes, *, now: datetime) -> dict[str, Any] | None:
    """Keep the update, or answer the question whether somebody may pay; return the call that Telegram is to get, if any.

    An update that cannot be read is set aside. Raises Refused, and what the database raises.
    """
    try:
        update = read(body)
    except SetAside as found:
        set_aside(body, update_id=number(body), reason=Unreadable.Reason.BODY, now=now, problem=found.problem)
        return None
    return handle(update, body, now=now)


def read(body: bytes) -> incoming.Incoming:
    """Return the outside of the update; raises Refused for a body that is too large or no update, SetAside for an update
    that cannot be read.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Refused(Reason.SIZE)
    try:
        return incoming.decode(body)
    except incoming.Malformed as error:
        raise Refused(Reason.BODY) from error
    except reading.Unreadable as error:
        raise SetAside(str(error)) from error


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


def set_aside(
    body: bytes, *, update_id: int | None, reason: Unreadable.Reason, now: datetime, problem: BaseException | str = ""
) -> None:
    """Keep a body that cannot be kept as an update, and say so in the log; of a body that is there nothing is said."""
    kept = services.keep_unreadable(body=body[:MAX_BODY_BYTES], update_id=update_id, reason=reason, now=now)
    if kept is not None:
        error = problem if isinstance(problem, BaseException) else None
        logger.error("an update was set aside as unreadable %d (%s)%s", kept, reason, _said(problem), exc_info=error)


def _said(problem: BaseException | str) -> str:
    return f": {problem}" if problem and isinstance(problem, str) else ""


def number(body: bytes) -> int | None:
    """Return the number of an update of which nothing else can be read."""
    found = _NUMBER.match(body)
    return int(found[1]) if found else None
