"""What the torture prints: a table for people, and one JSON object as the last line for machines."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from torture.judging import SHOWN, Findings
from torture.recovery import milliseconds
from torture.seed import Result

Say = Callable[[str], None]


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"  {text}", flush=True)


def summarize(results: Sequence[Result]) -> dict[str, Any]:
    """Return the figures of all seeds together."""
    findings = Findings()
    outcomes, faults = Counter[str](), Counter[str]()
    for result in results:
        findings.add(result.findings)
        outcomes += result.outcomes
        faults += result.faults
    return {
        "seeds": [result.seed for result in results],
        "operations": dict(sorted(outcomes.items())),
        "faults": dict(sorted(faults.items())),
        "lost": findings.lost,
        "doubled": findings.doubled,
        "phantom": findings.phantom,
        "out_of_order": findings.out_of_order,
        "mismatches": findings.mismatches + sum(not result.proved for result in results),
        "answers_doubled": sum(result.answers_doubled for result in results),
        "answers_doubled_by_cause": dict(sum((result.answers_by_cause for result in results), Counter[str]())),
        "answers_doubled_without_a_cause": findings.uncaused,
        "rescued": sum(result.rescued for result in results),
        "worker_kill_recovery_ms": milliseconds([s for result in results for s in result.worker_kills]),
        "fault_recovery_ms": milliseconds([s for result in results for s in result.others]),
        "memory_growth_mib": round(max((result.growth_mib for result in results), default=0.0), 1),
    }


def show(results: Sequence[Result], summary: dict[str, Any], say: Say) -> None:
    """Print what came of the seeds."""
    say("operations: " + ", ".join(f"{name} {count}" for name, count in summary["operations"].items()))
    say("faults fired:")
    for name, count in summary["faults"].items():
        say(f"  {count:5d}  {name}")
    say(", ".join(f"{name.replace('_', ' ')} {summary[name]}" for name in WRONG))
    causes = ", ".join(f"{name} {count}" for name, count in sorted(summary["answers_doubled_by_cause"].items()))
    say(f"answers sent again: {summary['answers_doubled']} ({causes or 'no cause'})")
    say(f"wake-ups rescued by the relay: {summary['rescued']}")
    for name in ("worker_kill_recovery_ms", "fault_recovery_ms"):
        say(f"{name.replace('_', ' ')}: p50 {summary[name]['p50']}, p99 {summary[name]['p99']}")
    if results:
        most = max(results, key=lambda result: result.growth_mib)
        say(f"largest growth of a process: {summary['memory_growth_mib']} MiB ({most.grew})")
    for result in results:
        for note in (result.wrong + result.findings.notes)[:SHOWN]:
            say(f"WRONG in seed {result.seed}: {note}")


WRONG = ("lost", "doubled", "phantom", "out_of_order", "mismatches", "answers_doubled_without_a_cause")


def last_line(summary: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(summary)
