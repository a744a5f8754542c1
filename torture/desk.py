"""What staff do meanwhile: points given and taken back, and updates whose transaction stays open; in a process of its own."""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torture import updates
from torture.model import Kind, Operation, Outcome
from torture.people import AGAIN_SECONDS, Load
from torture.schedule import Faults
from torture.servers import ROOT

PAUSE_SECONDS = 0.6
MAX_STAFF_POINTS = 300
# Whose updates are kept open; nobody else speaks for them.
SLOW_PERSON = updates.FIRST_PERSON + 900_000


class Desk:
    """One thread that asks the process of torture/staff.py for one thing after the other."""

    def __init__(self, load: Load, faults: Faults, environment: Mapping[str, str], log: Path, *, seed: int) -> None:
        self._load, self._faults, self._records = load, faults, load.records
        self._chance = random.Random(f"desk {seed}")
        self._stopped = threading.Event()
        self._awards: list[tuple[Operation, int]] = []
        self._given: Counter[int] = Counter()
        self._slow_messages = 0
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "torture.staff"],
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Begin nothing new; say whether all that was begun is answered."""
        self._stopped.set()
        self._thread.join(seconds)
        finished = not self._thread.is_alive()
        self._process.kill()
        self._process.communicate()
        return finished

    def _run(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.readline()
        number = 0
        while not self._stopped.wait(PAUSE_SECONDS):
            number += 1
            choice = self._chance.random()
            if choice < 0.55:
                self._award(f"award-{number}")
            elif choice < 0.75 and self._awards:
                self._reverse(f"reversal-{number}")
            elif self._slow_messages < 80 and not self._faults.is_calm():
                self._publish_slowly()

    def _award(self, key: str) -> None:
        known = [
            p.telegram_id for p in self._load.people if p.accepted and self._given[p.telegram_id] < MAX_STAFF_POINTS
        ]
        if not known:
            return
        person, amount = self._chance.choice(known), self._chance.randint(1, 40)
        self._given[person] += amount
        answer = self._ask({"do": "award", "person": person, "amount": amount, "key": key})
        operation = Operation(person, Kind.AWARD, key, Outcome(answer["outcome"]), amount=amount)
        self._keep(operation, answer)
        if "entry" in answer:
            self._awards.append((operation, answer["entry"]))

    def _reverse(self, key: str) -> None:
        award, entry = self._awards.pop(self._chance.randrange(len(self._awards)))
        answer = self._ask({"do": "reverse", "entry": entry, "key": key})
        outcome = Outcome(answer["outcome"])
        self._keep(
            Operation(award.person, Kind.REVERSAL, key, outcome, amount=award.amount, reverses=award.origin), answer
        )

    def _publish_slowly(self) -> None:
        """Take an update in with a transaction that stays open for up to three seconds: the log's fence waits for it."""
        self._slow_messages += 1
        update_id, chat = self._load.next_id(), updates.group(0)
        update = updates.message(update_id, SLOW_PERSON, chat, "slowly")
        seconds = self._chance.choice((0.3, 0.8, 3.0))
        started = time.time()
        answer = self._ask({"do": "publish_slowly", "body": json.dumps(update), "seconds": seconds})
        self._faults.note(f"F44 a publishing transaction open for {seconds:g} s", started, time.time())
        self._keep(
            Operation(SLOW_PERSON, Kind.MESSAGE, str(update_id), Outcome(answer["outcome"]), update["message"]["date"]),
            answer,
        )

    def _keep(self, operation: Operation, answer: dict[str, Any]) -> None:
        if operation.outcome is Outcome.REJECTED:
            self._records.complain(f"staff were refused: {operation.kind} {answer.get('error')}")
        self._records.add(operation)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Ask until the answer is known."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for _ in range(400):
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
            if answer["outcome"] != Outcome.UNKNOWN:
                return answer
            self._records.count(Outcome.UNKNOWN)
            time.sleep(AGAIN_SECONDS)
        return answer
