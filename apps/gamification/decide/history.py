"""One person's facts from the beginning, decided again: under other rules, or without what was taken back.

The same core as live. What is decided here is compared with the ledger by whoever asked; nothing is written.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from apps.gamification.decide import limits
from apps.gamification.decide.awarding import decide
from apps.gamification.decide.chain import genesis
from apps.gamification.decide.entries import Draft, Standing
from apps.gamification.decide.facts import SECOND, Fact
from apps.gamification.decide.multipliers import multiplied, parse
from apps.gamification.decide.outcomes import Awarded, Outcome
from apps.gamification.decide.rules import Rule, Rulebook
from apps.gamification.decide.state import State

# An event and the key of a rule that may pay for it.
Pair = tuple[UUID, str]


# How the note of an entry begins that was written after the fact.
RECOMPUTED = "recomputed"


class Kept(NamedTuple):
    """An entry of the ledger, as far as it matters here. `gain` is what it did to lifetime points."""

    id: int
    sequence: int
    kind: str
    rule: str
    base: int
    note: str
    event_id: UUID | None
    hour: int
    reverses: int | None
    gain: int


class Payment(NamedTuple):
    """What is due after all: `base` of it was asked for, `counted` of that is to be paid, with these bonuses."""

    fact: Fact
    rule: Rule
    base: int
    counted: int
    amount: int
    multipliers: str


class Ledger:
    """What one person's entries say: what is paid, what was reversed, what was taken away, what staff added."""

    def __init__(self, entries: Iterable[Kept]) -> None:
        kept = sorted(entries, key=lambda e: e.sequence)
        by_id = {e.id: e for e in kept}
        self.paid: dict[Pair, int] = {}
        self.reversed: set[Pair] = set()
        self.rules: set[str] = set()
        self.taken_away: set[tuple[str, int]] = set()
        self.partly: set[Pair] = set()
        # (sequence, what it did to lifetime points) of entries that no event led to
        self.gains: list[tuple[int, int]] = []
        self.sequences: dict[UUID, int] = {}
        for entry in kept:
            self._add(entry, by_id)

    def _add(self, entry: Kept, by_id: Mapping[int, Kept]) -> None:
        self.rules.add(entry.rule)
        if entry.event_id is not None:
            if not entry.note.startswith(RECOMPUTED):
                self.sequences.setdefault(entry.event_id, entry.sequence)
            pair = (entry.event_id, entry.rule)
            if entry.kind == "award":
                self.paid[pair] = self.paid.get(pair, 0) + counted(entry.base, entry.note)
                if counted(entry.base, entry.note) < entry.base:
                    self.partly.add(pair)
            elif entry.note in ("limit", "cap"):
                self.taken_away.add((entry.rule, entry.hour))
            return
        original = by_id.get(entry.reverses) if entry.reverses is not None else None
        if original is not None and original.event_id is not None:
            pair = (original.event_id, original.rule)
            self.paid[pair] -= counted(original.base, original.note)
            self.reversed.add(pair)
        elif entry.gain:
            self.gains.append((entry.sequence, entry.gain))

    @property
    def left_out(self) -> set[Pair]:
        """What was taken back as a whole: for a new decision it never earned anything."""
        return {pair for pair in self.reversed if not self.paid[pair]}


def counted(base: int, note: str) -> int:
    """Return how much of an award's base was paid: the note says what the daily cap took."""
    taken = [part.partition("=")[2] for part in note.split(",") if part.startswith("cap=")]
    return base - sum(map(int, taken))


def fold_history(
    standing: Standing,
    facts: Iterable[Fact],
    rulebook: Rulebook,
    *,
    left_out: Collection[Pair] = (),
    gains: Sequence[tuple[int, int]] = (),
    sequences: Mapping[UUID, int] | None = None,
) -> Iterator[tuple[Fact, list[Outcome]]]:
    """Decide on each fact in turn and yield what follows; the standing moves on in place.

    `left_out`: for these events these rules pay nothing. `gains`: lifetime points that staff gave or took, by sequence
    in the ledger; each is taken in before the first fact whose entries (`sequences`) come after it.
    """
    except_for: dict[UUID, set[str]] = {}
    for event_id, rule in left_out:
        except_for.setdefault(event_id, set()).add(rule)
    waiting = sorted(gains, reverse=True)
    for fact in facts:
        while waiting and waiting[-1][0] < (sequences or {}).get(fact.event_id, 0):
            standing.lifetime = max(standing.lifetime + waiting.pop()[1], 0)
        keys = except_for.get(fact.event_id)
        yield fact, decide(standing, fact, Without(rulebook, keys) if keys else rulebook)


class Without(Rulebook):
    """A rulebook in which some rules do not pay."""

    def __init__(self, rulebook: Rulebook, keys: Collection[str]) -> None:
        self.__dict__.update(rulebook.__dict__)
        self._keys = keys

    def rules_for(self, event_type: str, at: int) -> list[Rule]:
        """Return the others."""
        return [rule for rule in super().rules_for(event_type, at) if rule.key not in self._keys]


class Used:
    """How much of limits and caps is used up by what the ledger really holds: counted, whatever was decided when."""

    def __init__(self, facts: Iterable[Fact], rulebook: Rulebook, paid: Mapping[Pair, int]) -> None:
        self.state = State()
        self._moments: dict[str, list[int]] = {}
        for fact in facts:
            for rule in rulebook.rules_for(fact.type, fact.at):
                if base := paid.get((fact.event_id, rule.key)):
                    self.add(rule, fact, base)

    def add(self, rule: Rule, fact: Fact, base: int, *, more: bool = False) -> None:
        """Count an award of so many base points; `more` of one that counts already."""
        if not more:
            limits.count(rule, self.state, fact)
            for per, name, _ in limits.windows(rule, fact):
                if per == "cooldown":
                    self._moments.setdefault(name, []).append(fact.at)
        if rule.capped:
            self.state.capped[fact.day] = self.state.capped.get(fact.day, 0) + base

    def allows(self, rule: Rule, fact: Fact) -> bool:
        """Say whether the rule may pay once more in the windows of the fact."""
        if limits.reached(rule, self.state, fact):
            return False
        distances = [limit.seconds for limit in rule.limits if limit.per == "cooldown"]
        names = [name for per, name, _ in limits.windows(rule, fact) if per == "cooldown"]
        nearest = min((abs(fact.at - at) for name in names for at in self._moments.get(name, ())), default=None)
        return nearest is None or not distances or nearest >= max(distances) * SECOND

    def room(self, rule: Rule, fact: Fact, daily_cap: int) -> int | None:
        """Return how many base points of the day are left; None if the rule does not share the cap."""
        return max(daily_cap - self.state.capped.get(fact.day, 0), 0) if rule.capped else None


def due(
    account: int, facts: Sequence[Fact], rulebook: Rulebook, ledger: Ledger, day: int
) -> tuple[list[Payment], Used]:
    """Decide a local date anew; return what is due beyond what was paid, and what is used up once that is paid.

    Due is what limits or the cap took away on that date, what the core would pay now that some awards are reversed, and
    what limits and cap, counted over what the ledger holds, have room for. What was reversed is never paid again.
    """
    standing = Standing(account, 0, 0, 0, genesis(account), State())
    decided = fold_history(
        standing, facts, rulebook, left_out=ledger.left_out, gains=ledger.gains, sequences=ledger.sequences
    )
    used = Used(facts, rulebook, ledger.paid)
    payments: list[Payment] = []
    for fact, outcomes in decided:
        if fact.day != day:
            continue
        rules = {rule.key: rule for rule in rulebook.rules_for(fact.type, fact.at)}
        for draft in (o.entry for o in outcomes if isinstance(o, Awarded)):
            payment = _due(fact, rules[draft.rule], draft, ledger, used, rulebook)
            if payment is not None:
                payments.append(payment)
                used.add(payment.rule, fact, payment.counted, more=bool(ledger.paid.get((fact.event_id, draft.rule))))
    return payments, used


def _due(fact: Fact, rule: Rule, draft: Draft, ledger: Ledger, used: Used, rulebook: Rulebook) -> Payment | None:
    """Return what of this award is missing and may be paid."""
    pair = (fact.event_id, rule.key)
    paid = ledger.paid.get(pair, 0)
    missing = counted(draft.base, draft.note) - paid
    was_taken_away = pair in ledger.partly if paid else (rule.key, fact.hour) in ledger.taken_away
    if missing <= 0 or pair in ledger.reversed or not was_taken_away:
        return None
    if not paid and not used.allows(rule, fact):
        return None
    config = rulebook.multipliers_at(fact.at)
    room = used.room(rule, fact, config.daily_cap)
    payable = missing if room is None else min(missing, room)
    if payable <= 0:
        return None
    amount = multiplied(payable, parse(draft.multipliers), config.factor_at_most)
    return Payment(fact, rule, draft.base - paid, payable, amount, draft.multipliers)


def free(state: State, facts: Mapping[UUID, Fact], rulebook: Rulebook, used: Used, pairs: Iterable[Pair]) -> None:
    """Set the counts of limits and caps in which these awards stood to what is really used."""
    for event_id, key in pairs:
        fact = facts.get(event_id)
        if fact is None:
            continue
        for rule in rulebook.rules_for(fact.type, fact.at):
            if rule.key == key:
                limits.restore(rule, state, used.state, fact)
                if rule.capped:
                    _free_cap(state, used.state, fact.day)


def _free_cap(state: State, used: State, day: int) -> None:
    if count := used.capped.get(day, 0):
        state.capped[day] = count
    else:
        state.capped.pop(day, None)
