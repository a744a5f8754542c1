"""The hash chain: how an entry becomes text, and the text a hash that covers the one before.

The text of an entry is, joined by `|`, in this order, empty where there is no value:

    1 (the format's version) | account | sequence | amount | balance_after | lifetime_after | kind | rule |
    rule_version | base | multipliers | note | event_id (32 hex digits) | idempotency_key | reverses | actor |
    reason_hash (hex) | occurred_at (whole microseconds since 1970) | previous_hash (hex)

in UTF-8; its hash is SHA-256. No column may hold `|` (CHECKs see to it). The chain of an account begins with the
SHA-256 of `diana|account|<person's id>`. PostgreSQL computes the same: function gamification_entry_hash().
"""

from hashlib import sha256
from uuid import UUID

FORMAT = 1


def genesis(account: int) -> bytes:
    """Return what the first entry of an account names as its predecessor."""
    return sha256(f"diana|account|{account}".encode()).digest()


def entry_hash(
    account: int,
    sequence: int,
    amount: int,
    balance_after: int,
    lifetime_after: int,
    kind: str,
    rule: str,
    rule_version: int,
    base: int,
    multipliers: str,
    note: str,
    event_id: UUID | None,
    idempotency_key: str,
    reverses: int | None,
    actor: str | None,
    reason_hash: bytes | None,
    occurred_at: int,
    previous_hash: bytes,
) -> bytes:
    """Return the hash of an entry; `occurred_at` in microseconds since 1970."""
    event = event_id.hex if event_id else ""
    reversed_id = "" if reverses is None else reverses
    reason = reason_hash.hex() if reason_hash else ""
    text = (
        f"1|{account}|{sequence}|{amount}|{balance_after}|{lifetime_after}|{kind}|{rule}|{rule_version}|{base}"
        f"|{multipliers}|{note}|{event}|{idempotency_key}|{reversed_id}|{actor or ''}|{reason}|{occurred_at}"
        f"|{previous_hash.hex()}"
    )
    return sha256(text.encode()).digest()


def reason_hash(salt: bytes, text: str) -> bytes:
    """Return what the ledger keeps of a reason; with the salt gone nobody can guess the text."""
    return sha256(salt + text.encode()).digest()
