"""The whole run: how the minutes are spent, and what it comes to."""

import time
from dataclasses import dataclass
from typing import Any

from torture import plain_celery, reporting, sensitivity
from torture.reporting import say
from torture.seed import Result, run_seed
from torture.servers import running_servers

SEEDS = 10
# What a seed takes beside its load: the start of all processes, rest and judgement.
AROUND_SECONDS = 22.0
# The planted bugs, plain Celery and the servers' start.
BESIDE_SECONDS = 130.0
SHORTEST_SECONDS = 25.0


@dataclass(frozen=True)
class Plan:
    """Which seeds, and how many seconds of load each."""

    seeds: list[int]
    seconds: float

    @classmethod
    def of(cls, seeds: list[int], minutes: float) -> "Plan":
        """Divide the minutes: over the seeds asked for, else over ten, or fewer where ten would be too short."""
        left = max(0.0, minutes * 60 - BESIDE_SECONDS)
        if not seeds:
            fitting = int(left // (AROUND_SECONDS + SHORTEST_SECONDS))
            seeds = list(range(1, max(1, min(SEEDS, fitting)) + 1))
        return cls(seeds, max(SHORTEST_SECONDS, left / len(seeds) - AROUND_SECONDS))


def run(plan: Plan) -> int:
    """Run the plan, print everything; return the exit status."""
    began = time.monotonic()
    print(
        f"make torture: seeds {', '.join(map(str, plan.seeds))}, {plan.seconds:.0f} s of load each; fsync on",
        flush=True,
    )
    results: list[Result] = []
    with running_servers() as servers:
        for seed in plan.seeds:
            results.append(run_seed(servers, seed, plan.seconds, say))
        planted = sensitivity.run(servers, say)
        plain = plain_celery.run(servers, say)
    summary: dict[str, Any] = reporting.summarize(results)
    summary |= {
        "planted": planted.names,
        "planted_found": planted.found,
        "plain_celery": plain,
        "seconds": round(time.monotonic() - began, 1),
    }
    reporting.show(results, summary, say)
    print(reporting.last_line(summary))
    return 0 if all(result.ok for result in results) and planted.ok else 1
