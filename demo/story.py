"""The demo from the first update to the verdict. Everything runs already, and Django is pointed at it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connections

from apps.gamification import verify
from apps.gamification.boards import closing
from demo import effects, playing, records, resting
from demo.conversation import read_conversation, start_of_conversation
from demo.watching import FlowerClient
from diana import clock
from diana.local.ports import LOOPBACK
from diana.sandbox.client import SandboxClient

Report = Callable[[str, float], None]
REST_SECONDS = 90
LONGEST = timedelta(hours=1)
FLOWER_SECONDS = 15
# The names before the @, from the Procfile.
WORKERS = {"worker", "telegram"}


@dataclass(frozen=True)
class Told:
    """All that is known at the end. `unseen`: subscribers at work of which Flower saw no task."""

    statuses: Counter[int]
    answers: list[playing.Answer]
    records: records.Records
    differences: list[effects.Difference]
    ledger: verify.Report
    tasks: Counter[str]
    unseen: set[str]

    @property
    def lost(self) -> int:
        """Effects that are missing, answers included."""
        return effects.lost(self.differences)

    @property
    def doubled(self) -> int:
        """Effects that there are too many."""
        return effects.doubled(self.differences)

    @property
    def is_right(self) -> bool:
        """Whether every effect is there once, the ledger proves itself, and operators could watch it happen."""
        return not self.differences and self.ledger.ok and not self.unseen and not self.records.dead_letters


def tell(variables: Mapping[str, str], report: Report) -> Told:
    """Play the conversation, wait for rest, look at everything; raises DemoError if it does not come to rest."""
    lines, start = read_conversation(), start_of_conversation(clock.now())
    expected = effects.read_expected().on(datetime.fromtimestamp(start, UTC).date())
    sandbox_url, flower_url = variables["TELEGRAM_API_URL"], f"http://{LOOPBACK}:{variables['FLOWER_PORT']}"
    with SandboxClient(sandbox_url) as sandbox, FlowerClient(flower_url, variables["FLOWER_BASIC_AUTH"]) as flower:
        with _step("Flower hears the workers", report):
            _wait_for_workers(flower)
        _close_periods()
        with _step(f"{len(lines)} updates posted", report):
            url = f"http://{LOOPBACK}:{variables['DOOR_PORT']}/telegram/webhook"
            statuses = playing.deliver(lines, url=url, secret=variables["TELEGRAM_WEBHOOK_SECRET"], start=start)
        with _step("everything handled", report):
            resting.wait_until(resting.is_at_rest, what="rest", seconds=REST_SECONDS, pending=resting.pending)
        with _step("Flower has seen it", report):
            tasks, unseen = _watch(flower, records.subscribers_at_work())
        with _step("counted and verified", report):
            answers = playing.read_answers(sandbox, lines, expected.names())
            found = effects.differences(expected, effects.answers(answer.person for answer in answers))
            told = Told(statuses, answers, records.read_records(), found, verify.verify(), tasks, unseen)
    connections.close_all()
    return told


def _close_periods() -> None:
    """Close the periods of boards that are over, or end while the demo is played, before anybody is on a board.

    Beat closes them each minute and tells everybody their rank: the effects would depend on when that minute falls. What
    happens in a period that was closed counts, and is told to nobody.
    """
    closing.close_due(clock.now() + LONGEST)


def _wait_for_workers(flower: FlowerClient) -> None:
    """Wait until Flower hears every worker: what they did before it will never know."""
    resting.wait_until(
        lambda: flower.workers() >= WORKERS,
        what="Flower's view of the workers",
        seconds=REST_SECONDS,
        pending=lambda: ", ".join(sorted(WORKERS - flower.workers())),
    )


def _watch(flower: FlowerClient, wanted: set[str]) -> tuple[Counter[str], set[str]]:
    """Return the tasks that Flower saw, and whose it did not see; it hears of them a moment later."""
    deadline = time.monotonic() + FLOWER_SECONDS
    while True:
        tasks = flower.finished_tasks()
        unseen = wanted - set(tasks)
        if not unseen or time.monotonic() > deadline:
            return tasks, unseen
        time.sleep(resting.LOOK_SECONDS)


@contextmanager
def _step(what: str, report: Report) -> Iterator[None]:
    began = time.monotonic()
    yield
    report(what, time.monotonic() - began)
