"""Payloads that are kept encrypted: AES-256-GCM with the envelope as associated data, so that a sealed payload that was
altered, or moved to another row, does not open. Knows keys and bytes; which event class is sealed, the catalogue says.

The library is imported when it is first needed: it costs each process 9 MB, and most have nothing to seal or open.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Random and in front of the ciphertext: one key is good for 2**32 payloads (NIST SP 800-38D, 8.3).
NONCE_BYTES = 12


class SealingFailed(RuntimeError):
    """A payload cannot be sealed or opened. Charged to its event like any error of a handler: tried again with growing
    pauses, then a dead letter that can be redriven once the keys are right. Where every event fails, the lane pauses.
    """


class NoKey(SealingFailed):
    """A sealed event is published without a key: put one into EVENTS_SEALING_KEYS."""


class KeyMissing(SealingFailed):
    """The key under which the payload was sealed is not at hand: add it to EVENTS_SEALING_KEYS, behind the first."""


class NotGenuine(SealingFailed):
    """The payload does not open: the key of that id is another one, or the row was altered in the database."""


class Sealed(NamedTuple):
    """A nonce with the ciphertext and its tag, and the id of the key that opens it."""

    payload: bytes
    key_id: str


def seal(text: str, associated: bytes) -> Sealed:
    """Encrypt the text with the first key; raises NoKey if there is none. Twice gives two different results."""
    for key_id, key in _keys().items():
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(nonce + _cipher(key).encrypt(nonce, text.encode(), associated), key_id)
    raise NoKey(NoKey.__doc__)


def unseal(sealed: bytes, key_id: str, associated: bytes) -> str:
    """Decrypt what seal() made with the same associated data; raises KeyMissing or NotGenuine."""
    key = _keys().get(key_id)
    if key is None:
        raise KeyMissing(f"No key has the id {key_id!r}: add it to EVENTS_SEALING_KEYS, behind the first.")
    from cryptography.exceptions import InvalidTag

    try:
        return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated).decode()
    except (InvalidTag, ValueError) as error:
        raise NotGenuine(
            f"A payload sealed with key {key_id!r} does not open: either EVENTS_SEALING_KEYS has another key under that"
            " id, or the row was altered in the database."
        ) from error


def _keys() -> Mapping[str, bytes]:
    keys: Mapping[str, bytes] = settings.EVENTS_SEALING_KEYS
    return keys


@cache
def _cipher(key: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
