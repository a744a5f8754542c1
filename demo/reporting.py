"""The report for people, and the last line for machines."""

import html
import json
import re
from collections.abc import Iterable, Mapping

from apps.gamification.verify import Fault, Report
from demo.story import Told

ANSWER_CHARACTERS = 66
TAG = re.compile(r"</?[a-z]+>")


def full_report(told: Told) -> str:
    """Return everything worth reading, section by section."""
    records = told.records
    posted, refused = told.statuses.total(), ", ".join(f"{n} {reason}" for reason, n in records.refusals.items())
    sections = [
        (f"Updates: {posted} posted; counted and nothing else: {refused}", []),
        (f"Events: {records.events.total()}", _counts(records.events)),
        (
            f"Ledger: {sum(count for count, _ in records.entries.values())} entries, {records.suppressed} of them suppressed",
            [f"{rule:<28}{count:>6}{points:>8} points" for rule, (count, points) in records.entries.items()],
        ),
        ("Top list", [f"{p.rank}. {p.name:<25}{p.points:>6} points" for p in records.places]),
        ("Balances", [f"{b.name:<28}{b.balance:>6} points{b.entries:>6} entries" for b in records.balances]),
        (f"Answers of the bot: {len(told.answers)}", [f"{a.person:<8}{_short(a.text)}" for a in told.answers]),
        (f"Celery tasks seen by Flower: {told.tasks.total()}", _counts(told.tasks)),
        (
            f"Ledger verified: {_verdict(told.ledger)}",
            [_fault(fault) for fault in told.ledger.faults],
        ),
    ]
    return "\n".join(_section(title, rows) for title, rows in [*sections, *_complaints(told)])


def summary(told: Told, *, seconds: float) -> str:
    """Return the outcome as one JSON object on one line."""
    outcome = {
        "updates": told.statuses.total(),
        "events": told.records.events.total(),
        "entries": sum(count for count, _ in told.records.entries.values()),
        "answers": len(told.answers),
        "tasks_seen_by_flower": told.tasks.total(),
        "lost": told.lost,
        "doubled": told.doubled,
        "ledger_ok": told.ledger.ok,
        "seconds": round(seconds, 1),
    }
    return json.dumps(outcome)


def _complaints(told: Told) -> list[tuple[str, list[str]]]:
    found = {
        "Lost or doubled": [str(difference) for difference in told.differences],
        "Dead letters": told.records.dead_letters,
        "At work, but Flower saw no task": sorted(told.unseen),
    }
    return [(title, rows) for title, rows in found.items() if rows]


def _section(title: str, rows: Iterable[object]) -> str:
    return "\n".join([f"\n{title}", *(f"  {row}" for row in rows)])


def _verdict(ledger: Report) -> str:
    proof = f"{ledger.entries} entries of {ledger.accounts} accounts"
    return f"{proof}, every hash and sum holds" if ledger.ok else f"{proof}, {ledger.faulty} FAULTS"


def _fault(fault: Fault) -> str:
    entry = "" if fault.entry is None else f", entry {fault.entry}"
    return f"account {fault.account}{entry}: {fault.check} is {fault.found}"


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [f"{name:<28}{count:>6}" for name, count in sorted(counts.items())]


def _short(text: str) -> str:
    """Return what people see of the text, on one line, cut."""
    line = " / ".join(part for part in html.unescape(TAG.sub("", text)).splitlines() if part)
    return line if len(line) <= ANSWER_CHARACTERS else f"{line[: ANSWER_CHARACTERS - 1]}…"
