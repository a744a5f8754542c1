"""Comparing Telegram's list of Star transactions with the payments here; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Transaction(NamedTuple):
    """A line of Telegram's list: Stars that came in from a person for a bill of ours, or went back (`refund`). `commission`
    is the part of an affiliate, whole Stars: what the person paid is `stars`, or both together.
    """

    charge: str
    telegram_id: int
    stars: int
    at: datetime
    payload: str
    refund: bool = False
    recurring: bool = False
    commission: int = 0

    @property
    def possible_stars(self) -> tuple[int, int]:
        """What the person may have paid: Telegram does not say whether the commission is part of the amount."""
        return self.stars, self.stars + self.commission


class Known(NamedTuple):
    """A payment here, under its charge. `recent`: so new, or refunded so lately, that Telegram's list may not have it."""

    id: int
    stars: int
    refunded: bool = False
    refund_requested: bool = False
    problem: str = ""
    recent: bool = False


@dataclass
class Differences:
    """What does not agree. `missing`: Telegram has it, we do not; `not_refunded`: given back there, not here; the rest
    are our ids: `amounts` differ, `extra` are unknown to Telegram, `refunds` are ones that it has not made, `problems`
    were never credited and are owed back, `failed` could be credited now.
    """

    missing: list[Transaction] = field(default_factory=list)
    not_refunded: list[int] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    refunds: list[int] = field(default_factory=list)
    problems: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def compare(transactions: Iterable[Transaction], known: Mapping[str, Known], *, before: datetime) -> Differences:
    """Return what differs. Payments after `before` may still be on their way: they are not missed."""
    found = Differences()
    came, went = dict[str, Transaction](), set[str]()
    for transaction in transactions:
        if transaction.refund:
            went.add(transaction.charge)
        else:
            came[transaction.charge] = transaction
    for charge, transaction in came.items():
        ours = known.get(charge)
        if ours is None:
            if transaction.at < before:
                found.missing.append(transaction)
        elif ours.stars not in transaction.possible_stars:
            found.amounts.append(ours.id)
    for charge, ours in known.items():
        _judge(charge, ours, came, went, found)
    return found


def _judge(charge: str, ours: Known, came: Mapping[str, Transaction], went: set[str], found: Differences) -> None:
    if charge not in came and not ours.recent:
        found.extra.append(ours.id)
    if charge in went and not ours.refunded:
        found.not_refunded.append(ours.id)
    elif charge not in went and (ours.refunded or ours.refund_requested):
        found.refunds += [] if ours.recent else [ours.id]
    elif ours.problem and not ours.refunded:
        (found.failed if ours.problem == "failed" else found.problems).append(ours.id)
