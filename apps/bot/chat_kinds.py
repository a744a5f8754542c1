"""Where messages of before were written: events of version 1 name a chat of ours and not its kind.

What the table of chats says is read once for each process and database, not once for each event.
"""

from array import array
from bisect import bisect_left
from typing import Final, Literal, NamedTuple

from django.db import connection

PRIVATE: Final = "private"
GROUP: Final = "group"


class _Read(NamedTuple):
    """The private chats among those up to an id, in ascending order."""

    upto: int
    private: "array[int]"


_read: dict[str, _Read] = {}


def place_of_kind(kind: str) -> Literal["private", "group"]:
    """Return the place that events name for a chat of this kind."""
    return PRIVATE if kind == PRIVATE else GROUP


def place_of_chat(chat: int) -> Literal["private", "group"]:
    """Return where a message in this chat (our id of it) was written; `group` for chats that are not there any more.

    Reads all private chats when it is asked of a chat above those that were read before.
    """
    name = str(connection.settings_dict["NAME"])
    known = _read.get(name)
    if known is None or chat > known.upto:
        known = _read[name] = _private_chats(chat)
    index = bisect_left(known.private, chat)
    return PRIVATE if index < len(known.private) and known.private[index] == chat else GROUP


def forget_places() -> None:
    """Read them anew when they are next asked for."""
    _read.clear()


def _private_chats(asked: int) -> _Read:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, kind = %s FROM bot_chat ORDER BY id", [PRIVATE])
        upto, private = asked, array("q")
        while rows := cursor.fetchmany(10_000):
            private.extend(id_ for id_, is_private in rows if is_private)
            upto = max(upto, rows[-1][0])
    return _Read(upto, private)
