"""Corrections without a database: random ledgers against the naive fold over all acts that stand, from the first."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.gamification.decide.corrections import Act, Pair, beginning, change, fold, is_reversible, note

# Give or take so much, or take back one of the acts that stand.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("give"), st.integers(-120, 100).filter(bool)),
        st.tuples(st.just("back"), st.integers(0, 30)),
    ),
    max_size=25,
)


class Ledger:
    """Entries as the service writes them: the number of an entry is its place, from 1."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.balances = [0]
        self.pairs: list[Pair] = []

    def give(self, amount: int) -> None:
        """Give, or take what is there."""
        balance = self.balances[-1]
        taken = amount if amount > 0 else -min(balance, -amount)
        self._write("staff_award" if amount > 0 else "penalty", taken, amount)

    def take_back(self, original: Act) -> int:
        """Write a reversal; return its amount."""
        first = beginning(original.id, self.pairs)
        gone = {pair.original_id for pair in self.pairs} | {original.id}
        deserved = fold(self.balances[first - 1], self.acts[first - 1 :], gone)
        amount = change(original, self.balances[-1], deserved)
        self._write("reversal", amount, original.amount)
        self.pairs.append(Pair(original.id, len(self.acts), original.id))
        return amount

    def standing(self) -> list[Act]:
        """Return the acts that were not taken back."""
        gone = {pair.original_id for pair in self.pairs}
        return [act for act in self.acts if act.kind != "reversal" and act.id not in gone]

    def _write(self, kind: str, amount: int, base: int) -> None:
        self.acts.append(Act(len(self.acts) + 1, kind, amount, base))  # type: ignore[arg-type]
        self.balances.append(self.balances[-1] + amount)


def deserved(standing: Sequence[Act]) -> int:
    """Return the same from the first act on: of awards base and amount are the same here."""
    balance = 0
    for act in standing:
        balance = max(balance + act.base, 0)
    return balance


@settings(max_examples=500)
@given(STEPS)
def test_after_each_step_the_balance_is_what_the_acts_that_stand_deserve(steps: list[tuple[str, int]]) -> None:
    ledger = Ledger()
    for what, size in steps:
        standing = ledger.standing()
        if what == "give":
            ledger.give(size)
        elif standing:
            original = standing[size % len(standing)]
            amount = ledger.take_back(original)
            lowest, highest = sorted((0, -original.base))
            assert lowest <= amount <= highest
            assert bool(note(original, amount)) == (amount != -original.amount)
        assert ledger.balances[-1] == deserved(ledger.standing())


@given(st.integers(1, 30), st.sets(st.tuples(st.integers(1, 30), st.integers(1, 30)).filter(lambda p: p[0] < p[1])))
def test_the_fold_begins_as_late_as_it_may(sequence: int, drawn: set[tuple[int, int]]) -> None:
    pairs = [Pair(original, reversal, original) for original, reversal in drawn]
    whole = [
        first
        for first in range(1, sequence + 1)
        if not any(original < first <= reversal for original, reversal in drawn)
    ]
    assert beginning(sequence, pairs) == max(whole)


def test_awards_of_nothing_what_was_suppressed_and_reversals_cannot_be_taken_back() -> None:
    assert is_reversible(Act(1, "penalty", 0, -5))
    assert is_reversible(Act(1, "award", 5, 5))
    for kind, amount in (("award", 0), ("suppressed", 0), ("reversal", -5), ("reversal", 0)):
        assert not is_reversible(Act(1, kind, amount, 5))  # type: ignore[arg-type]
