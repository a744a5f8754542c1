"""The mutations: nothing breaks by any, and what keeps its chat, its sender and its text is answered as before."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from apps.payments.models import Payment
from apps.users.models import Person
from diana import clock
from fuzz import ground as grounds
from fuzz.expectations import Answer, Way
from fuzz.ground import Ground
from fuzz.judging import DRAWN, NOTICE
from fuzz.kinds import ACCOUNTS_OF_TELEGRAM, part_of
from fuzz.lines import NEVER_SENT, Line
from fuzz.mutations import Mutated, mutate
from fuzz.observing import Seen, observe
from fuzz.postings import Encoding, Poster, Posting

Say = Callable[[str], None]
AT_ONCE = 500
# Answers that need not come.
NOT_FOR_SURE = (Answer.NONE, Answer.OWN_CHAT, Answer.IF_SENT)
# Of mutations that keep chat, sender and text so many are answered as before: else a reader calls too much unreadable.
AT_LEAST = 0.95
# Bases: most mutations are of what is answered, many are of money.
ANSWERED, MONEY = 0.5, 0.2


@dataclass(frozen=True)
class Mutation:
    """A mutation of a posting, and what the webhook said."""

    number: int
    posting: Posting
    mutated: Mutated
    status: int
    call: dict[str, Any] | None


@dataclass
class Report:
    """What the mutations came to; `kept` asked for the same as before, `lost` are those of them without their answer."""

    seed: int
    played: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unreadable: int = 0
    refused: int = 0
    seconds: float = 0.0

    @property
    def answered(self) -> float:
        """Return the part of those that were to be answered as before and were."""
        return 1 - len(self.lost) / self.kept if self.kept else 1.0

    @property
    def ok(self) -> bool:
        """Say whether everything was right."""
        return not self.faults and self.answered >= AT_LEAST

    def add(self, other: "Report") -> None:
        """Add what another process played."""
        self.played, self.kept = self.played + other.played, self.kept + other.kept
        self.lost, self.faults = self.lost + other.lost, self.faults + other.faults
        self.unreadable, self.refused = self.unreadable + other.unreadable, self.refused + other.refused

    def summary(self) -> str:
        """Return one line of figures."""
        return (
            f"mutations: {self.played} by seed {self.seed}, {self.unreadable} unreadable, {self.refused} refused, "
            f"{self.kept} asked for the same as before and {self.answered:.1%} of them were answered, "
            f"{len(self.faults)} faults, {self.seconds:.0f} s"
        )


def run(
    ground: Ground, lines: Sequence[Line], *, seed: int, numbers: Sequence[int], bot_id: int, bot_name: str, say: Say
) -> Report:
    """Play the mutations of these numbers and judge."""
    began, report, bases = time.monotonic(), Report(seed), Bases(lines)
    now, played = int(clock.now().timestamp()), list[Mutation]()
    for start in range(0, len(numbers), AT_ONCE):
        chunk = [
            _play(ground, bases, seed, number, Poster(now=now, bot_id=bot_id, bot_name=bot_name, first=number))
            for number in numbers[start : start + AT_ONCE]
        ]
        ground.settle()
        played += chunk
        report.faults += _broken(ground, chunk)
        say(f"{len(played)} of {len(numbers)} mutations, {time.monotonic() - began:.0f} s")
    _judge(ground, report, played)
    report.seconds = time.monotonic() - began
    return report


class Bases:
    """The lines that are mutated: those that are answered, those about money, and all."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._all = [line for line in lines if line.name not in NEVER_SENT]
        expected = [
            (line, Poster(now=0, bot_id=1, bot_name="").posting(line, Encoding.PLAIN).expected) for line in self._all
        ]
        self._answered = [line for line, found in expected if found.answer not in NOT_FOR_SURE]
        self._money = [line for line, found in expected if found.booked or found.way is Way.QUESTION]
        self._money += [line for line in self._all if "refund" in line.kind or "subscription" in line.kind]

    def choose(self, chance: Random) -> Line:
        """Return a line."""
        drawn = chance.random()
        if drawn < ANSWERED:
            return chance.choice(self._answered)
        return chance.choice(self._money if drawn < ANSWERED + MONEY else self._all)


def _play(ground: Ground, bases: Bases, seed: int, number: int, poster: Poster) -> Mutation:
    chance = Random(f"{seed}/{number}")
    posting = poster.posting(bases.choose(chance), Encoding.PLAIN)
    grounds.prepare(posting)
    mutated = mutate(posting.update, chance)
    status, call = ground.post(mutated.body)
    if status == 200 and chance.random() < 0.1:
        ground.post(mutated.body)
    return Mutation(number, posting, mutated, status, call)


def _broken(ground: Ground, chunk: Sequence[Mutation]) -> Iterator[str]:
    for mutation in chunk:
        if mutation.status >= 500 or mutation.status not in (200, 400, 413):
            yield f"the webhook answered {mutation.status}\n{told(mutation)}"
        elif mutation.status != 200 and mutation.mutated.update is not None and not _may_be_refused(mutation.mutated):
            yield f"the webhook refused it with {mutation.status}\n{told(mutation)}"
    span = f"among {chunk[0].number} to {chunk[-1].number}"
    for letter in grounds.take_dead_letters():
        found = next((m for m in chunk if m.posting.update_id == letter.update_id), None)
        yield f"dead letter {span}: {letter.error}\n{told(found) if found else ''}"
    yield from (f"log {span}: {line}" for line in ground.problems())


def _may_be_refused(mutated: Mutated) -> bool:
    """Say whether what was written by hand makes the body no JSON."""
    try:
        json.loads(mutated.body.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError):
        return True
    return b"NaN" in mutated.body or b"Infinity" in mutated.body


def _judge(ground: Ground, report: Report, played: Sequence[Mutation]) -> None:
    observed = observe(ground.sandbox.calls())
    report.played, report.refused = len(played), sum(mutation.status != 200 for mutation in played)
    for mutation in played:
        seen = observed.worlds[mutation.posting.world.number]
        report.unreadable += seen.set_aside
        if seen.kept and not (seen.handled and not seen.failed):
            report.faults.append(f"it was not handled\n{told(mutation)}")
        if seen.charges > 1:
            report.faults.append(f"it was booked {seen.charges} times\n{told(mutation)}")
        if asks_for_the_same(mutation):
            report.kept += 1
            if not _is_answered(mutation, seen):
                report.lost.append(told(mutation))
    wrong = Person.objects.filter(telegram_id__in=ACCOUNTS_OF_TELEGRAM).values_list("telegram_id", flat=True)
    report.faults += [f"{account}, an account of Telegram, became a person" for account in wrong]
    for payment in Payment.objects.filter(problem="").exclude(currency="XTR"):
        report.faults.append(f"a payment in {payment.currency!r} was credited")


# What the answer to each part depends on.
_KEPT = {
    "message": (
        *("chat", "from.id", "from.is_bot", "text", "entities", "successful_payment"),
        *("message_thread_id", "is_topic_message", "direct_messages_topic"),
    ),
    "callback_query": ("id", "from.id", "from.is_bot", "data", "message"),
    "pre_checkout_query": ("id", "from.id", "from.is_bot", "currency", "total_amount", "invoice_payload"),
}


def asks_for_the_same(mutation: Mutation) -> bool:
    """Say whether the mutation keeps what the answer depends on: chat, sender and text, or what stands for them."""
    expected, mutated = mutation.posting.expected, mutation.mutated.update
    answered = expected.answer not in NOT_FOR_SURE
    if (
        mutated is None
        or _may_be_refused(mutation.mutated)
        or not (answered or expected.booked or expected.way is Way.QUESTION)
    ):
        return False
    name, before = part_of(mutation.posting.update)
    after = mutated.get(name)
    if not isinstance(after, dict) or len(mutated) != 2:
        return False
    return all(_is_kept(before, after, path) for path in _KEPT[name])


def _is_kept(before: dict[str, Any], after: dict[str, Any], path: str) -> bool:
    name, _, rest = path.partition(".")
    if rest:
        inner = after.get(name)
        return isinstance(inner, dict) and _is_kept(before.get(name) or {}, inner, rest)
    # As JSON: 0 is no false.
    return json.dumps(before.get(name)) == json.dumps(after.get(name)) and (name in before) == (name in after)


def _is_answered(mutation: Mutation, seen: Seen) -> bool:
    made = {call.method for call in seen.calls if call.status == 200}
    expected = mutation.posting.expected
    if expected.way is Way.QUESTION:
        return (mutation.call or {}).get("method") == "answerPreCheckoutQuery"
    if expected.booked:
        return seen.charges == 1
    if expected.answer is Answer.REPLY:
        return bool(made & set(DRAWN))
    return NOTICE in made


def told(mutation: Mutation) -> str:
    """Return what it takes to play it again."""
    body = mutation.mutated.body
    shown = body if len(body) < 3_000 else body[:3_000] + b"..."
    line, changes = mutation.posting.line, "; ".join(mutation.mutated.changes)
    return f"    mutation {mutation.number} of {line.name} ({line.kind}): {changes}\n    {shown!r}"
