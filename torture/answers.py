"""How often each answer was sent and why more than once: counted at the sandbox, held against the senders' logs and the faults.

At least once is the promise. A second call needs a cause that the sender has named, a fault that explains the cause, and no
more calls than were under way: at most one for each thread of the sender.
"""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diana.sandbox.recording import Call

_SAID = re.compile(r"may be made a second time for event ([0-9a-f-]{36}) \((\w+)\)")
# The threads of `telegram` in the Procfile.
THREADS = 8
# A call waits so long for its reply, and its record for the database; the fault may have been before.
WINDOW_SECONDS = 10.0
OF_SESSIONS = ("F03 kill the sender", "F06 kill the sender", "F26", "F31", "F32", "F33", "F37", "F38", "F41", "F42")
FAULTS = {"no_reply": ("F57",), "sender_gone": OF_SESSIONS, "lease_over": OF_SESSIONS, "session_lost": OF_SESSIONS}


@dataclass
class Disturbance:
    """A fault from its first to its last moment; `left`: how many second calls it may still explain (None: any number)."""

    name: str
    began: float
    ended: float
    left: int | None = THREADS


@dataclass
class Answers:
    """When each event's answers arrived, and which causes of a second call its senders have named."""

    sent: dict[str, list[float]] = field(default_factory=dict)
    causes: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def doubled(self) -> int:
        """How many answers arrived that had arrived before."""
        return sum(len(times) - 1 for times in self.sent.values())

    def by_cause(self) -> Counter[str]:
        """Return how many of them had which cause; those of several count for the one named most often."""
        found = Counter[str]()
        for event, times in self.sent.items():
            if len(times) > 1:
                named = self.causes.get(event, Counter())
                found[named.most_common(1)[0][0] if named else "none"] += len(times) - 1
        return found


def arrived(calls: Iterable[Call]) -> dict[str, list[float]]:
    """Return when answers arrived, by the event that they belong to; what Telegram refused has not arrived."""
    sent = defaultdict[str, list[float]](list)
    for call in calls:
        if call.status == 200 and call.event_id is not None:
            sent[call.event_id].append(call.received_at)
    return dict(sent)


def named(lines: Iterable[str]) -> dict[str, Counter[str]]:
    """Return the causes that senders have named in their logs, by event."""
    causes = defaultdict[str, Counter[str]](Counter)
    for line in lines:
        for event, cause in _SAID.findall(line):
            causes[event][cause] += 1
    return dict(causes)


def read(calls: Iterable[Call], directory: Path) -> Answers:
    """Return what the sandbox was sent and what the logs of this directory say of it."""
    lines = (line for log in directory.glob("*.log") for line in log.read_text(errors="replace").splitlines())
    return Answers(arrived(calls), named(lines))


def without_a_cause(answers: Answers, disturbances: Sequence[Disturbance] | None) -> list[str]:
    """Return in words each second call that nothing explains. Without `disturbances` a named cause is enough."""
    pairs = [
        (second, first, event) for event, times in answers.sent.items() for first, second in itertools.pairwise(times)
    ]
    found, left = list[str](), {event: causes.copy() for event, causes in answers.causes.items()}
    for second, first, event in sorted(pairs):
        causes = +left.get(event, Counter[str]())
        fitting = [cause for cause in causes if disturbances is None or _explained(cause, first, second, disturbances)]
        if fitting:
            left[event][fitting[0]] -= 1
        else:
            found.append(
                f"event {event} answered again after {second - first:.2f} s, named: {dict(causes) or 'nothing'}"
            )
    return found


def _explained(cause: str, first: float, second: float, disturbances: Sequence[Disturbance]) -> bool:
    """Say whether a fault explains the cause, and take the call from what it may still explain."""
    for one in disturbances:
        near = one.began <= second and one.ended >= first - WINDOW_SECONDS
        if near and one.left != 0 and one.name.startswith(FAULTS.get(cause, ())):
            if one.left is not None:
                one.left -= 1
            return True
    return False


def disturbances(
    faults: Iterable[tuple[str, float, float]], cuts: Sequence[float], deaths: Sequence[float]
) -> list[Disturbance]:
    """Return what may explain second calls: faults as (name, began, ended), single sessions cut, and senders that died, in
    seconds of the epoch.

    Lost replies concern every call while they last; what concerns sessions and processes, those under way at its moment.
    """
    found = [
        Disturbance(name, began, ended, None if name.startswith("F57") else THREADS) for name, began, ended in faults
    ]
    found += [Disturbance("F32 one session cut", cut, cut) for cut in cuts]
    found += [Disturbance("F06 kill the sender", death, death) for death in deaths]
    return sorted(found, key=lambda one: one.ended)


def threads_of(commands: Mapping[str, str]) -> int:
    """Return how many threads the sender has by its command in the Procfile."""
    found = re.search(r"--concurrency (\d+)", commands["telegram"])
    assert found is not None
    return int(found[1])
