"""A checkpoint: what it says, the text that is signed, and its line in the file. Pure; docs/ledger-proof.md has the format.

The text, joined by `|`, `resumes` empty where there is none, in UTF-8:

    diana|checkpoint|1 (the format's version) | number | previous (hex) | after_id | last_id | entries | total |
    accounts | entries_root (hex) | heads_root (hex) | sealed_at (microseconds since 1970) | resumes | key_id

Its SHA-256 is the checkpoint's hash, which the next one names as `previous`; the signature is Ed25519 over the text.
PostgreSQL computes the same hash: function gamification_checkpoint_hash().

Checkpoints of the audit record have the same fields and begin with `diana|audit-checkpoint`: their entries are records, and
they have no accounts.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar, NamedTuple

import msgspec

from apps.gamification.proof import merkle

FORMAT = 1
# The account of what belongs to none.
NO_ACCOUNT = 0


class Checkpoint(msgspec.Struct, frozen=True):
    """A seal over the entries with ids above `after_id` up to `last_id`.

    `entries` are those of the range, `total` all that are sealed; `accounts` have entries in the range, and their heads
    at its end make the second root. `resumes` names the checkpoint at which the ledger went on after a restore: those
    between it and this one cover entries that are lost.
    """

    DOMAIN: ClassVar[str] = "diana|checkpoint"

    number: int
    previous: bytes
    after_id: int
    last_id: int
    entries: int
    total: int
    accounts: int
    entries_root: bytes
    heads_root: bytes
    sealed_at: int
    resumes: int | None
    key_id: str
    signature: bytes = b""

    @property
    def text(self) -> bytes:
        """Return what is signed."""
        return "|".join(
            map(
                str,
                (
                    self.DOMAIN,
                    FORMAT,
                    self.number,
                    self.previous.hex(),
                    self.after_id,
                    self.last_id,
                    self.entries,
                    self.total,
                    self.accounts,
                    self.entries_root.hex(),
                    self.heads_root.hex(),
                    self.sealed_at,
                    "" if self.resumes is None else self.resumes,
                    self.key_id,
                ),
            )
        ).encode()

    @property
    def hash(self) -> bytes:
        """Return what the next checkpoint names as its predecessor."""
        return sha256(self.text).digest()

    @classmethod
    def beginning(cls) -> bytes:
        """Return what the first checkpoint names as its predecessor."""
        return sha256(f"{cls.DOMAIN}s".encode()).digest()


class AuditCheckpoint(Checkpoint, frozen=True):
    """A seal over audit records instead of entries; without accounts."""

    DOMAIN: ClassVar[str] = "diana|audit-checkpoint"


BEGINNING = Checkpoint.beginning()
BINARY = ("previous", "entries_root", "heads_root", "signature")


class Sealed(NamedTuple):
    """What a checkpoint keeps of an entry."""

    id: int
    account: int
    sequence: int
    balance: int
    lifetime: int
    hash: bytes


class NotACheckpoint(ValueError):
    """A line of the checkpoint file is not one: it was altered, or cut off in the middle."""


def entry_leaf(entry: Sealed) -> bytes:
    """Return the leaf of an entry: its id, which its own hash does not cover, and its hash."""
    return merkle.leaf(f"{entry.id}|{entry.hash.hex()}")


def head_leaf(head: Sealed) -> bytes:
    """Return the leaf of an account's head, which its last entry says all of."""
    return merkle.leaf(f"{head.account}|{head.sequence}|{head.balance}|{head.lifetime}|{head.hash.hex()}")


class Roots(NamedTuple):
    """The two roots over a range of entries and how many entries and accounts it has."""

    entries: int
    accounts: int
    entries_root: bytes
    heads_root: bytes


def roots(entries: list[Sealed]) -> Roots:
    """Return the roots over the entries, given in the order of their ids; heads are in the order of their accounts."""
    heads = {entry.account: entry for entry in entries if entry.account != NO_ACCOUNT}
    return Roots(
        len(entries),
        len(heads),
        merkle.root([entry_leaf(entry) for entry in entries]),
        merkle.root([head_leaf(heads[account]) for account in sorted(heads)]),
    )


def as_line(checkpoint: Checkpoint) -> bytes:
    """Return the checkpoint as one line of JSON, with its end."""
    values: dict[str, Any] = msgspec.structs.asdict(checkpoint)
    values |= {name: values[name].hex() for name in BINARY} | {"hash": checkpoint.hash.hex()}
    return msgspec.json.encode(values) + b"\n"


def from_line(line: bytes, kind: type[Checkpoint] = Checkpoint) -> Checkpoint:
    """Return the checkpoint of a line; raises NotACheckpoint, also if the hash in the line is not that of its text."""
    try:
        values = msgspec.json.decode(line, type=dict[str, Any])
        given = values.pop("hash")
        checkpoint = of_values(values | {name: bytes.fromhex(values[name]) for name in BINARY}, kind)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotACheckpoint(NotACheckpoint.__doc__) from error
    if checkpoint.hash.hex() != given:
        raise NotACheckpoint(NotACheckpoint.__doc__)
    return checkpoint


def of_values(values: Mapping[str, Any], kind: type[Checkpoint] = Checkpoint) -> Checkpoint:
    """Return the checkpoint of these fields; raises msgspec.ValidationError."""
    return msgspec.convert(dict(values), kind)
