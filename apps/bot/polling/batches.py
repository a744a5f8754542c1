"""An update as getUpdates returned it, beside what can be read of it."""

import re
from typing import NamedTuple

from apps.bot.incoming import Incoming
from apps.bot.intake import Reason, Refused, read


class Fetched(NamedTuple):
    """One update: its number (None if that cannot be read), its bytes, and what could be read of it, or why nothing could."""

    update_id: int | None
    body: bytes
    found: Incoming | Reason


# Telegram names it first; so much can be read of an update of which nothing else can.
_NUMBER = re.compile(rb'\s*\{\s*"update_id"\s*:\s*(\d{1,18})\s*[,}]')


def fetched(body: bytes) -> Fetched:
    """Return what can be known of an update before it is kept."""
    try:
        found = read(body)
    except Refused as refused:
        return Fetched(_number(body), body, refused.reason)
    return Fetched(found.update_id, body, found)


def _number(body: bytes) -> int | None:
    found = _NUMBER.match(body)
    return int(found[1]) if found else None
