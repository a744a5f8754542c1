"""An update as getUpdates returned it, beside what can be read of it."""

from typing import NamedTuple

from apps.bot.incoming import Incoming
from apps.bot.intake import Reason, Refused, SetAside, number, read


class Fetched(NamedTuple):
    """One update: its number (None if that cannot be read), its bytes, and what could be read of it, or why nothing could,
    with the problem in words where it is an update.
    """

    update_id: int | None
    body: bytes
    found: Incoming | Reason
    problem: str = ""


def fetched(body: bytes) -> Fetched:
    """Return what can be known of an update before it is kept."""
    try:
        update = read(body)
    except SetAside as found:
        return Fetched(number(body), body, found.reason, found.problem)
    except Refused as refused:
        return Fetched(number(body), body, refused.reason)
    return Fetched(update.update_id, body, update)
