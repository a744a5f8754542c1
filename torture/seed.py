"""One seed from beginning to end: a world, people, faults, rest, judgement."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from torture import answers
from torture.desk import Desk
from torture.judging import Findings, judge, unfinished
from torture.memory import Memory
from torture.people import MAX_MESSAGES, Load
from torture.records import Records
from torture.recovery import recoveries
from torture.schedule import Faults, Step, deck
from torture.servers import Servers
from torture.world import World, running_world

RATE = 20.0
# Between a fault and the next, in accepted operations.
EVERY = (15, 45)
ANSWER_SECONDS, REST_SECONDS = 60.0, 120.0
# What comes twice may come late.
LATE_SECONDS = 1.5


@dataclass
class Result:
    """What one seed has shown."""

    seed: int
    outcomes: Counter[str]
    faults: Counter[str]
    findings: Findings
    worker_kills: list[float]
    others: list[float]
    answers_doubled: int
    answers_by_cause: Counter[str]
    rescued: int
    growth_mib: float
    grew: str
    entries: int
    restarts: int
    rest_seconds: float
    proved: bool
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything was as it must be."""
        return not self.findings.count and not self.wrong and self.proved


def run_seed(
    servers: Servers,
    seed: int,
    seconds: float,
    say: Callable[[str], None],
    *,
    steps: Sequence[Step] | None = None,
    rate: float = RATE,
) -> Result:
    """Run the seed with about so many seconds of load."""
    began = time.monotonic()
    with running_world(servers, f"seed{seed}", relays=2 - seed % 2) as world:
        say(f"seed {seed}: started in {time.monotonic() - began:.1f} s")
        if steps is None:
            steps = deck(seed, max(6, int(seconds * rate / (sum(EVERY) / 2))), every=EVERY)
        # Two of three acts are messages: nobody may reach the limit of an hour.
        people = max(24, int(seconds * rate * 0.7 / MAX_MESSAGES * 1.6))
        return _run(world, seed, seconds, steps, people, rate, say)


def _run(
    world: World,
    seed: int,
    seconds: float,
    steps: Sequence[Step],
    people: int,
    rate: float,
    say: Callable[[str], None],
) -> Result:
    records = Records()
    load = Load(world.door_port, world.url, records, seed=seed, people=people, rate=rate)
    faults = Faults(world, records, steps, seed=seed)
    memory = Memory(world.crew, settled_seconds=60.0)
    desk = Desk(load, faults, world.environment("door-postgres"), world.directory / "staff.log", seed=seed)
    for one in (memory, load, faults):
        one.start()
    time.sleep(seconds)
    faults.stop()
    load.stop()
    world.heal()
    wrong = list(faults.errors)
    if not load.join(ANSWER_SECONDS):
        wrong.append("some updates got no answer")
    if not desk.stop(ANSWER_SECONDS):
        wrong.append("staff got no answer")
    if records.outcomes["ok"] < seconds:
        wrong.append(f"hardly anything was done: {records.outcomes}")
    rested = _rest(world, records)
    if rested >= REST_SECONDS:
        wrong.append(f"not at rest after {rested:.0f} s")
    time.sleep(LATE_SECONDS)
    memory.stop()
    seen = world.observe()
    findings = judge(records.operations, seen)
    sent = world.answers()
    faults_seen = [(fired.fault.name, fired.started_at, fired.over_at) for fired in faults.fired]
    for note in answers.without_a_cause(sent, answers.disturbances(faults_seen, world.cuts, world.deaths_of_senders())):
        findings.note("uncaused", 1, note)
    measured = recoveries(faults.fired, records.done, seen.entries)
    result = Result(
        seed=seed,
        outcomes=records.outcomes,
        faults=Counter(fired.fault.name for fired in faults.fired) + records.inputs,
        findings=findings,
        worker_kills=[s for fired, s in measured if fired.fault.kills_worker],
        others=[s for fired, s in measured],
        answers_doubled=sent.doubled,
        answers_by_cause=sent.by_cause(),
        rescued=seen.rescued,
        growth_mib=memory.growth_mib,
        grew=memory.largest,
        entries=len(seen.entries),
        restarts=world.crew.restarts(),
        rest_seconds=rested,
        proved=world.ledger_is_proved(),
        wrong=wrong + records.wrong,
    )
    say(_line(result))
    for name, times in sorted(_slowest(measured).items()):
        say(f"    slow recovery: {name} {times:.1f} s")
    return result


def _rest(world: World, records: Records) -> float:
    """Wait until everything is there; return the seconds it took."""
    began, operations = time.monotonic(), records.operations
    while time.monotonic() - began < REST_SECONDS and unfinished(operations, world.observe()):
        time.sleep(0.3)
    return time.monotonic() - began


def _slowest(measured: Sequence[tuple[object, float]]) -> dict[str, float]:
    slow: dict[str, float] = {}
    for fired, seconds in measured:
        name = fired.fault.name  # type: ignore[attr-defined]  # a Fired
        if seconds > 2.0:
            slow[name] = max(seconds, slow.get(name, 0.0))
    return slow


def _line(result: Result) -> str:
    outcomes = ", ".join(f"{name} {count}" for name, count in sorted(result.outcomes.items()))
    causes = ", ".join(f"{name} {count}" for name, count in sorted(result.answers_by_cause.items()))
    return (
        f"seed {result.seed}: {outcomes}; {result.entries} entries; {result.faults.total()} faults;"
        f" {result.restarts} restarts; answers sent again {result.answers_doubled}"
        f" ({causes or 'none'}); rescued {result.rescued}; at rest after {result.rest_seconds:.1f} s;"
        f" wrong: {result.findings.summary()}{'' if result.proved else ', ledger not proved'}"
    )
