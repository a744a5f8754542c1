"""Diana for the postings: a database of their own, a sandbox for the Bot API, the webhook, and workers.

Two forms: in this process (the view is called, workers' functions run here) and, for the corpus, the Procfile's own processes.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Protocol

import httpx
from django.conf import settings
from django.db import transaction

from apps.bot.models import Refusal, Unreadable, Update
from apps.payments.services import create_invoice
from apps.users.services import find_or_add_person
from demo.resting import is_at_rest
from diana import clock
from diana.events.models import Delivery, Failure, StoredEvent
from diana.events.testing import drain
from diana.sandbox.running import Sandbox
from fuzz.kinds import part_of
from fuzz.postings import Posting, payload_of
from tests.door import DoorClient
from tests.processes import Process, wait_until

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/telegram/webhook"
ERROR = re.compile(r"Traceback \(most recent|\b(?:ERROR|CRITICAL)\b")
# Of what cannot be read the log tells operators; that is no fault.
SAID = "an update was set aside as unreadable"
REST_SECONDS, RETRIES_SECONDS = 120, 20
WAITING = (Failure.Status.RETRYING, Failure.Status.HELD)


class Ground(Protocol):
    """Where updates are posted and handled."""

    sandbox: Sandbox

    def post(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        """Post a body as Telegram does; return the status and the call of the Bot API in the response, if any."""

    def settle(self) -> None:
        """Have everything handled that is due."""

    def problems(self) -> list[str]:
        """Return errors of the logs since the last time."""


class OwnGround:
    """Everything in this process; the handlers' own functions run, their cursors, failures and deliveries are real."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.errors = Errors()
        # What a view raises is a 500 here as there.
        self._client = DoorClient(raise_request_exception=False, SERVER_NAME="localhost")

    def post(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        """Call the view."""
        response = self._client.post(
            PATH, body, content_type="application/json", headers={HEADER: settings.TELEGRAM_WEBHOOK_SECRET}
        )
        return response.status_code, _json(response.content)

    def settle(self) -> None:
        """Handle what is due until nothing is left; what is tried again later, as after a timeout, is waited for a while."""
        _wait(_is_drained, RETRIES_SECONDS)

    def problems(self) -> list[str]:
        """Return what was logged."""
        found, self.errors.lines = self.errors.lines, []
        return found


class RealGround:
    """The Procfile's processes: the door, Celery workers, a relay."""

    def __init__(self, sandbox: Sandbox, url: str, processes: Sequence[Process]) -> None:
        self.sandbox, self._processes = sandbox, processes
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30.0)
        self._read: dict[str, int] = {}

    def post(self, body: bytes) -> tuple[int, dict[str, Any] | None]:
        """Post over HTTP."""
        headers = {HEADER: settings.TELEGRAM_WEBHOOK_SECRET, "Content-Type": "application/json"}
        response = self._http.post(PATH, content=body, headers=headers)
        return response.status_code, _json(response.content)

    def is_up(self) -> bool:
        """Say whether the door answers."""
        try:
            return self._http.get("/").status_code < 500
        except httpx.TransportError:
            return False

    def settle(self) -> None:
        """Wait until the workers have nothing left, or for long enough: what is left is found by judging."""
        _wait(is_at_rest, REST_SECONDS)

    def problems(self) -> list[str]:
        """Return errors that the processes have printed."""
        found = []
        for process in self._processes:
            lines = process.text().splitlines()
            new = lines[self._read.get(process.name, 0) :]
            self._read[process.name] = len(lines)
            found += [f"{process.name}: {line[:300]}" for line in new if ERROR.search(line) and SAID not in line]
            if not process.alive():
                found.append(f"{process.name} has ended")
        return found


class Errors(logging.Handler):
    """Keeps errors and whatever carries a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line if it is one."""
        if (record.exc_info or record.levelno >= logging.ERROR) and SAID not in record.getMessage():
            error = record.exc_info[1] if record.exc_info else None
            self.lines.append(f"{record.name}: {record.getMessage()}{f' ({error!r})' if error else ''}"[:600])

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to all loggers while the block runs."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)


def _wait(condition: Callable[[], bool], seconds: float) -> None:
    with suppress(AssertionError):
        wait_until(condition, "all updates to be handled", seconds=seconds)


def _is_drained() -> bool:
    drain()
    return not Failure.objects.filter(status__in=WAITING).exists() and not Delivery.objects.exists()


def prepare(posting: Posting) -> None:
    """Make what the posting speaks of: a bill for its payer, a screen that is theirs."""
    name, part = part_of(posting.update)
    told = payload_of(posting.update)
    pressed = name == "callback_query" and part.get("data", "").startswith("v1|")
    if told is None and not pressed:
        return
    telegram_id = (part.get("from") or part.get("user"))["id"]
    now = clock.now()
    with transaction.atomic():
        person = find_or_add_person(telegram_id=telegram_id, now=now)
    posting.known.add(telegram_id)
    if pressed:
        part["data"] = f"{part['data'].rpartition('|')[0]}|{person}"
    if told is not None:
        product = "vip_monthly" if told.get("is_recurring") else "vip_30"
        bill = create_invoice(person_id=person, product=product, now=now)
        told["invoice_payload"] = bill.payload
        if told.get("currency") == "XTR":
            told["total_amount"] = bill.stars


def dead_letters() -> list[str]:
    """Return failures of handlers that no other try has mended."""
    rows = Failure.objects.exclude(status=Failure.Status.DONE).values_list("subscriber", "position", "error")
    return [f"{subscriber} at event {position}: {error[:300]}" for subscriber, position, error in rows]


class Letter(NamedTuple):
    """A failure of a handler, and the number of its update if it is one of an update."""

    error: str
    update_id: int | None


def take_dead_letters() -> list[Letter]:
    """Return the failures and forget them."""
    found = []
    for failure in Failure.objects.exclude(status=Failure.Status.DONE):
        event = StoredEvent.objects.filter(id=failure.position).first()
        update = json.loads(event.payload or "{}").get("update") if event else None
        row = Update.objects.filter(id=update).first() if update else None
        said = f"{failure.subscriber}: {failure.error[:300]}"
        found.append(Letter(said, row.update_id if row else None))
        failure.delete()
    return found


def refusals() -> dict[str, int]:
    """Return what was counted, by reason."""
    return dict(Refusal.objects.values_list("reason", "count"))


def conflicts() -> int:
    """Return how many updates were set aside because another one had their number."""
    return Unreadable.objects.filter(reason=Unreadable.Reason.CONFLICT).count()


def _json(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
