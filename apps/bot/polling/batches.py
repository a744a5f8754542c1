"""An update as getUpdates returned it, beside what can be read of it."""

from typing import NamedTuple

from apps.bot.incoming import Incoming
from apps.bot.intake import Reason, Refused, number, read


class Fetched(NamedTuple):
    """One update: its number (None if that cannot be read), its bytes, and what could be read of it, or why nothing could."""

    update_id: int | None
    body: bytes
    found: Incoming | Reason


def fetched(body: bytes) -> Fetched:
    """Return what can be known of an update before it is kept."""
    try:
        found = read(body)
    except Refused as refused:
        return Fetched(number(body), body, refused.reason)
    return Fetched(found.update_id, body, found)
