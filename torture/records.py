"""What was done and how it was answered, kept by many threads; the faults are triggered by its count."""

import threading
import time
from collections import Counter
from dataclasses import dataclass

from torture.model import Kind, Operation, Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """An operation with the moment of its answer, in seconds of the epoch."""

    operation: Operation
    answered_at: float


class Records:
    """All operations of a seed, each person's in their order, and counts of attempts by outcome."""

    def __init__(self) -> None:
        self.done: list[Done] = []
        self.outcomes: Counter[str] = Counter()
        self.inputs: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._accepted = 0
        self._changed = threading.Condition()

    @property
    def operations(self) -> list[Operation]:
        """The operations, each person's in their order."""
        with self._changed:
            return [done.operation for done in self.done]

    @property
    def accepted(self) -> int:
        """How many operations were answered with yes."""
        return self._accepted

    def add(self, operation: Operation) -> None:
        """Keep an operation with its last outcome."""
        with self._changed:
            self.done.append(Done(operation, time.time()))
            self.outcomes[operation.outcome] += 1
            self._accepted += operation.outcome is Outcome.OK
            self._changed.notify_all()

    def count(self, outcome: Outcome) -> None:
        """Count an attempt that ended like this and belongs to no operation that must have an effect."""
        with self._changed:
            self.outcomes[outcome] += 1

    def count_input(self, kind: str) -> None:
        """Count a strange input, which is a fault like others."""
        with self._changed:
            self.inputs[kind] += 1

    def complain(self, text: str) -> None:
        """Note an answer that must not be."""
        with self._changed:
            self.wrong.append(text)

    def wait_for(self, accepted: int, ended: threading.Event) -> bool:
        """Wait until so many operations were accepted; say whether they were before the end."""
        with self._changed:
            while self._accepted < accepted and not ended.is_set():
                self._changed.wait(0.2)
            return self._accepted >= accepted


# What goes all the way from the webhook to an entry; staff write theirs at once.
EARNING = (Kind.MESSAGE,)
