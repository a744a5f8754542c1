"""What a checkpoint keeps so that a broken range can be told entry by entry: 20 bytes for each, not signed.

For each entry, in the order of the ids, big-endian: id (8 bytes), account (8), the first four bytes of the hash. The
signed root says *that* something was changed; this says *what*, and being changed itself it would only say less.
"""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from apps.gamification.proof.checkpoints import Sealed

_ENTRY = struct.Struct(">QQ4s")


class Change(NamedTuple):
    """How an entry differs from what was sealed: `missing`, `altered` or `added`."""

    entry: int
    account: int
    kind: str


def pack(entries: Iterable[Sealed]) -> bytes:
    """Return the index of the entries."""
    return b"".join(_ENTRY.pack(entry.id, entry.account, entry.hash[:4]) for entry in entries)


def changes(index: bytes, entries: Iterable[Sealed]) -> list[Change]:
    """Return how the entries differ from the index, in the order of their ids; an index cut short counts to its end."""
    whole = len(index) - len(index) % _ENTRY.size
    sealed = {key: (account, tag) for key, account, tag in _ENTRY.iter_unpack(index[:whole])}
    found = []
    for entry in entries:
        known = sealed.pop(entry.id, None)
        if known is None:
            found.append(Change(entry.id, entry.account, "added"))
        elif known != (entry.account, entry.hash[:4]):
            found.append(Change(entry.id, known[0], "altered"))
    found += [Change(key, account, "missing") for key, (account, _) in sealed.items()]
    return sorted(found)
