"""The keys of the checkpoints: the first of LEDGER_SIGNING_KEY signs; all of them, and LEDGER_PUBLIC_KEYS, check.

The library is imported when it is first needed: most processes neither sign nor check.
"""

import base64
from collections.abc import Mapping

import msgspec
from django.conf import settings

from apps.gamification.proof.checkpoints import Checkpoint


class NoSigningKey(RuntimeError):
    """There is no key to seal the ledger with: set LEDGER_SIGNING_KEY to id:key (`openssl rand -base64 32` makes one)."""


def current_key_id() -> str:
    """Return the id of the key that signs; raises NoSigningKey."""
    for key_id in settings.LEDGER_SIGNING_KEY:
        return str(key_id)
    raise NoSigningKey(NoSigningKey.__doc__)


def sign(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint with the signature of the key that it names, which must be at hand."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(settings.LEDGER_SIGNING_KEY[checkpoint.key_id])
    return msgspec.structs.replace(checkpoint, signature=private.sign(checkpoint.text))


def public_keys() -> dict[str, bytes]:
    """Return the public keys by their ids, of 32 bytes each: the one that signs first, then older ones."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private: Mapping[str, bytes] = settings.LEDGER_SIGNING_KEY
    own = {i: Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw() for i, key in private.items()}
    return own | {i: key for i, key in settings.LEDGER_PUBLIC_KEYS.items() if i not in own}


def as_text(public: Mapping[str, bytes]) -> list[str]:
    """Return public keys as people pass them on: `id:base64`."""
    return [f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in public.items()]


def problem_of(checkpoint: Checkpoint, public: Mapping[str, bytes]) -> str | None:
    """Return what is wrong with the signature; None if it is good."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = public.get(checkpoint.key_id)
    if key is None:
        return f"signed with the key {checkpoint.key_id!r}, which is not at hand: add it to LEDGER_PUBLIC_KEYS"
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(checkpoint.signature, checkpoint.text)
    except InvalidSignature:
        return f"not signed with the key {checkpoint.key_id!r}"
    return None
