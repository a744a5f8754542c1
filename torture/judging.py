"""Compares what was seen with what must be true, and names every difference."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from torture.model import Operation, Wanted, World, worlds
from torture.observing import Seen, SeenEntry

SHOWN = 12
# Each is a number of Findings; all of them zero is right.
WRONG = ("lost", "doubled", "phantom", "out_of_order", "mismatches", "uncaused")


@dataclass
class Findings:
    """What is wrong, counted; `notes` says the first of it in words. All zero is right.

    `uncaused`: answers sent again without a cause that allows it.
    """

    lost: int = 0
    doubled: int = 0
    phantom: int = 0
    out_of_order: int = 0
    mismatches: int = 0
    uncaused: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How much is wrong."""
        return sum(getattr(self, name) for name in WRONG)

    def note(self, name: str, number: int, text: str) -> None:
        """Count something wrong."""
        if number:
            setattr(self, name, getattr(self, name) + number)
            self.notes.append(f"{name}: {text}")

    def add(self, other: "Findings") -> None:
        """Take over what somebody else found."""
        for name in WRONG:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.notes += other.notes

    def summary(self) -> str:
        """Return what was found in one line."""
        return ", ".join(f"{name} {getattr(self, name)}" for name in WRONG if getattr(self, name)) or "nothing"


def judge(operations: Sequence[Operation], seen: Seen) -> Findings:
    """Return everything in which the observation differs from the model, person by person."""
    findings = Findings()
    done: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        done[operation.person].append(operation)
    entries: dict[int, list[SeenEntry]] = defaultdict(list)
    for entry in seen.entries:
        entries[entry.person].append(entry)
    for person in done.keys() | entries.keys():
        findings.add(_best(person, done[person], entries[person], seen))
    for failure in seen.failures:
        findings.note("lost", 1, f"given up or not done: {failure}")
    findings.note("out_of_order", seen.told_out_of_turn, f"{seen.told_out_of_turn} points_awarded told out of turn")
    return findings


def unfinished(operations: Sequence[Operation], seen: Seen) -> int:
    """Return how much must still come: what waits for it need not look at the rest."""
    done: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        done[operation.person].append(operation)
    found = Counter((e.person, _identity(e)) for e in seen.entries)
    missing = seen.deliveries + len(seen.failures)
    for person, of_one in done.items():
        must = list(worlds(of_one))[-1]
        wanted = Counter({(person, w): n for w, n in must.entries.items()})
        missing += (wanted - found).total() + (must.answers - seen.answers).total() + len(must.handled - seen.handled)
    return missing


def _best(person: int, operations: Sequence[Operation], entries: Sequence[SeenEntry], seen: Seen) -> Findings:
    """Return what is wrong in the world that fits best: of what is unknown anything may have happened."""
    candidates = [_compare(person, world, entries, seen) for world in worlds(operations)]
    return min(candidates, key=lambda findings: findings.count)


def _identity(entry: SeenEntry) -> Wanted:
    """Return what the entry was earned for; any act may have been the first, so a login has no origin."""
    origin = "" if entry.rule == "login" else entry.origin
    return Wanted(entry.rule, entry.amount, origin, entry.kind == "suppressed")


def _compare(person: int, world: World, entries: Sequence[SeenEntry], seen: Seen) -> Findings:
    findings = Findings()
    found = Counter(_identity(entry) for entry in entries)
    for wanted in world.entries.keys() | found.keys():
        must, there = world.entries[wanted], found[wanted]
        if there < must:
            findings.note("lost", must - there, f"person {person}: {wanted} is missing")
        elif must:
            findings.note("doubled", there - must, f"person {person}: {wanted} {there} times")
        else:
            findings.note("phantom", there, f"person {person}: nobody earned {wanted}")
    for chat, count in (world.answers - seen.answers).items():
        findings.note("lost", count, f"person {person}: {count} answers in chat {chat}")
    missing = world.handled - seen.handled
    findings.note("lost", len(missing), f"person {person}: updates {sorted(missing)[:5]} were not handled")
    _compare_order(person, world, entries, findings)
    _compare_sums(person, world, entries, seen, findings)
    return findings


def _compare_order(person: int, world: World, entries: Sequence[SeenEntry], findings: Findings) -> None:
    """Entries follow the log, and in each stream what was done."""
    positions = [entry.position for entry in entries if entry.position is not None]
    steps = _descents(positions)
    findings.note("out_of_order", steps, f"person {person}: entries against the log {steps} times")
    identities = [_identity(entry) for entry in entries]
    for stream, wanted in world.streams.items():
        place = {one: number for number, one in enumerate(wanted)}
        steps = _descents([place[one] for one in identities if one in place])
        findings.note("out_of_order", steps, f"person {person}: {stream} against what was done {steps} times")


def _descents(numbers: Sequence[int]) -> int:
    return sum(later < earlier for earlier, later in itertools.pairwise(numbers))


def _compare_sums(person: int, world: World, entries: Sequence[SeenEntry], seen: Seen, findings: Findings) -> None:
    """The balance is the sum of the entries, each entry says so, and so does the model."""
    balance, total = seen.balances.get(person, 0), sum(entry.amount for entry in entries)
    findings.note("mismatches", balance != total, f"person {person}: balance {balance}, entries {total}")
    last = entries[-1].balance_after if entries else 0
    findings.note("mismatches", balance != last, f"person {person}: balance {balance}, last entry says {last}")
    if not findings.count:
        findings.note("mismatches", balance != world.balance, f"person {person}: {balance}, must be {world.balance}")
