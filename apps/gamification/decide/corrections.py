"""What an account has deserved: the acts that still stand, in their order, never below zero; pure.

An act that was taken back, and the entry that took it back, both count as not there. docs/ledger-proof.md says so to people.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from apps.gamification.decide.entries import Kind


class Act(NamedTuple):
    """An entry, as far as it matters here: `base` is what a penalty asked for, whatever was there to be taken."""

    id: int
    kind: Kind
    amount: int
    base: int


class Pair(NamedTuple):
    """An entry that was taken back and the reversal, by their numbers in the account."""

    original: int
    reversal: int
    original_id: int


def is_reversible(act: Act) -> bool:
    """Say whether the act can be taken back: a penalty also if it found nothing, because it may take something by now."""
    return act.kind == "penalty" or (act.kind in ("award", "staff_award") and act.amount != 0)


def beginning(sequence: int, pairs: Iterable[Pair]) -> int:
    """Return from which entry on to fold, so that the one with this number is in it and no pair lies across the beginning.

    The balance before that entry is what the acts before it deserve: whatever was taken back of them was so by then.
    """
    for pair in sorted(pairs, reverse=True):
        if pair.original < sequence <= pair.reversal:
            sequence = pair.original
    return sequence


def fold(balance: int, acts: Iterable[Act], gone: Collection[int]) -> int:
    """Return the balance after these acts, from the one before them; those that are `gone` and reversals are not there."""
    for act in acts:
        if act.kind == "reversal" or act.id in gone:
            continue
        balance = max(balance + (act.base if act.kind == "penalty" else act.amount), 0)
    return balance


def change(original: Act, balance: int, deserved: int) -> int:
    """Return what a reversal adds to the balance, so that it becomes what is deserved.

    It takes at most what an award gave and gives at most what a penalty asked for. That cuts nothing off, unless entries
    from before this rule stand between.
    """
    if original.kind == "penalty":
        return min(max(deserved - balance, 0), -original.base)
    return -min(max(balance - deserved, 0), original.amount)


def note(original: Act, amount: int) -> str:
    """Return the ledger's note of a reversal that does not give or take exactly what the entry did."""
    if original.kind != "penalty":
        short = original.amount + amount
        return f"short={short}" if short else ""
    more = amount + original.amount
    return f"more={more}" if more > 0 else f"less={-more}" if more else ""
