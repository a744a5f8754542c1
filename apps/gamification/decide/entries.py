"""Entries of the ledger before they are written, and the account that they move on."""

from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from apps.gamification.decide.chain import entry_hash
from apps.gamification.decide.state import State

# The ledger's columns are of 64 bits; Python's numbers have no end.
LARGEST = (1 << 63) - 1

Kind = Literal["award", "suppressed", "staff_award", "penalty", "reversal"]
Board = Literal["total", "weekly", "monthly", "daily", "streak", "narrative", "trivia", "achievements"]
KINDS: tuple[Kind, ...] = ("award", "suppressed", "staff_award", "penalty", "reversal")


class OutOfRange(ValueError):
    """The account would hold more points than the ledger can count (2**63 - 1): check base points and amounts."""


class Draft(NamedTuple):
    """An entry without its id, in the order of the ledger's columns.

    `amount` is the change of the balance, `base` what was asked for: the rule's base points, a penalty's or award's
    amount, for a reversal the amount of the reversed entry. `multipliers` are basis points, as in `level=100,vip=5000`.
    `note` says what fell away: `limit`, `suspended`, `cap=15` (base points), `short=40` (points that were not there); of a
    penalty that is taken back, `less=40` or `more=40` than it had taken.
    `occurred_at` is in microseconds since 1970.
    """

    account: int
    sequence: int
    amount: int
    balance_after: int
    lifetime_after: int
    kind: Kind
    rule: str
    rule_version: int
    base: int
    multipliers: str
    note: str
    event_id: UUID | None
    idempotency_key: str
    reverses: int | None
    actor: str | None
    reason_hash: bytes | None
    occurred_at: int
    previous_hash: bytes
    hash: bytes


class Standing(msgspec.Struct):
    """An account as it stands: the head of its chain and its state. The core moves it on in place.

    `moved` and `look_changed` say what boards must be told: the scores that changed, with the moment of the fact that did it.
    """

    account: int
    balance: int
    lifetime: int
    sequence: int
    hash: bytes
    state: State
    moved: dict[Board, int] = {}
    look_changed: bool = False


def lifetime_gain(kind: str, amount: int, base: int) -> int:
    """Return how an entry changes lifetime points: awards add, reversals of awards take all back, others nothing."""
    if kind in ("award", "staff_award"):
        return amount
    return -max(base, 0) if kind == "reversal" else 0


def append(
    standing: Standing,
    *,
    kind: Kind,
    amount: int,
    base: int,
    idempotency_key: str,
    occurred_at: int,
    rule: str = "",
    rule_version: int = 0,
    multipliers: str = "",
    note: str = "",
    event_id: UUID | None = None,
    reverses: int | None = None,
    actor: str | None = None,
    reason_hash: bytes | None = None,
) -> Draft:
    """Add an entry to the account's chain and move the account on; raises OutOfRange and leaves it as it is."""
    balance, lifetime = standing.balance + amount, standing.lifetime + lifetime_gain(kind, amount, base)
    if max(balance, lifetime, amount, base) > LARGEST or min(balance, lifetime, amount, base) < -LARGEST:
        raise OutOfRange(OutOfRange.__doc__)
    previous = standing.hash
    standing.sequence += 1
    standing.balance, standing.lifetime = balance, lifetime
    account, sequence = standing.account, standing.sequence
    what = (account, sequence, amount, balance, lifetime, kind, rule, rule_version, base, multipliers, note)
    why = (event_id, idempotency_key, reverses, actor, reason_hash)
    standing.hash = entry_hash(*what, *why, occurred_at, previous)
    return Draft(*what, *why, occurred_at, previous, standing.hash)
