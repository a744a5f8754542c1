"""Merkle trees as in RFC 6962: leaves and nodes are hashed under prefixes of their own, so that neither can pass as the other."""

from collections.abc import Sequence
from hashlib import sha256


def leaf(text: str) -> bytes:
    """Return the hash of a leaf: SHA-256 over a zero byte and the text."""
    return sha256(b"\x00" + text.encode()).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over hashed leaves in their order; of none, the hash of nothing.

    Level by level, an odd last one moves up as it is: the same tree as RFC 6962's split at powers of two.
    """
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]
