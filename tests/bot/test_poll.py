"""`manage.py poll` as a real process: what it fetches is kept exactly once, and what keeps it from polling is said."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bot.incoming import KINDS
from apps.bot.models import Refusal, Unreadable, Update
from apps.payments import services as payments
from apps.users.models import Person
from diana import clock
from diana.events.models import StoredEvent
from diana.sandbox.running import running_sandbox
from tests.bot.polled_telegram import PolledTelegram, polled_telegram
from tests.bot.stars import question
from tests.bot.updates import ADA, message, update, user
from tests.processes import Process, Processes, running_processes, wait_until

POLL = f"{sys.executable} manage.py poll"
# Well below a long poll, and below the time after which what hangs is cut off; an interpreter on a busy machine takes seconds.
AT_ONCE_SECONDS = 6


@pytest.fixture
def telegram(settings: Any, committed_db: str) -> Iterator[PolledTelegram]:
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as sandbox, polled_telegram(sandbox) as polled:
        yield polled


@pytest.fixture
def processes(telegram: PolledTelegram, valkey: str, tmp_path: Path) -> Iterator[Processes]:
    with running_processes(tmp_path) as started:
        started.environment |= {"TELEGRAM_API_URL": telegram.url, "TELEGRAM_UPDATES": "poll"}
        yield started


def counted() -> dict[str, int]:
    return dict(Refusal.objects.values_list("reason", "count"))


def ended(process: Process) -> int:
    """Wait for its end and return the status."""
    wait_until(lambda: not process.alive(), f"{process.name} to end")
    return process._popen.returncode


def terminate(process: Process) -> float:
    """SIGTERM; return the seconds until its end, which must be a clean one."""
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    assert ended(process) == 0, process.text()
    return time.monotonic() - began


def test_what_was_committed_before_a_kill_comes_again_and_changes_nothing(
    telegram: PolledTelegram, processes: Processes
) -> None:
    sent = [update(body=message(f"number {n}", sender=user(ADA + n % 2))) for n in range(3)]
    telegram.add(*sent)
    killed = processes.start("killed", f"{sys.executable} -m tests.bot.dying_poll poll", DIANA_PROCESS="poll")
    assert ended(killed) == -signal.SIGKILL, killed.text()
    assert [json.loads(bytes(row.body)) for row in Update.objects.order_by("pk")] == sent
    assert telegram.waiting() == [one["update_id"] for one in sent], "nothing was confirmed"
    # The next one gets them all again, with a number that a float does not hold, and what no update can be.
    precise = (
        '{"update_id": %d, "message": {"message_id": 9007199254740993, "new": 1e400, "text": "x", "chat": {"id": 5}}}'
    )
    number = sent[-1]["update_id"] + 1
    telegram.add_raw(
        {number: (precise % number).encode(), number + 1: b'{"update_id": %d, "message": 7}' % (number + 1)}
    )
    poller = processes.start("poll", POLL)
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    assert Update.objects.count() == StoredEvent.objects.filter(type="bot.message_received").count() == 4
    assert Person.objects.count() == 2
    assert bytes(Update.objects.get(update_id=number).body) == (precise % number).encode()
    kept = Unreadable.objects.get()
    assert (kept.bot_id, kept.update_id, kept.reason) == (1, number + 1, "body")
    assert bytes(kept.body) == b'{"update_id": %d, "message": 7}' % (number + 1)
    assert counted() == {"copy": 3, "body": 1}
    assert [asked.get("offset") for asked in telegram.asked[-2:]] == [None, number + 2]
    assert telegram.asked[-1]["allowed_updates"] == list(KINDS)
    # A second one, beside it.
    second = processes.start("second", POLL)
    assert ended(second) == 1
    assert "Another process polls for this database already (diana-poll" in second.text()
    # In the middle of a long poll.
    assert terminate(poller) < AT_ONCE_SECONDS
    assert telegram.sandbox.token not in processes.logs()


def test_who_wants_to_pay_is_answered_before_the_rest_of_the_batch(
    telegram: PolledTelegram, processes: Processes
) -> None:
    person = Person.objects.create(telegram_id=ADA, created_at="2026-01-01T00:00:00Z")
    bill = payments.create_invoice(person_id=person.pk, product="vip_30", now=clock.now())
    asked, wrong = question(bill.payload, bill.stars), question(bill.payload, bill.stars + 1)
    for one in (asked, wrong):
        telegram.sandbox.ask_pre_checkout(one["pre_checkout_query"]["id"])
    rest = [update(body=message(f"number {n}")) for n in range(50)]
    late = {"update_id": rest[-1]["update_id"] + 1}
    numbered = [one | {"update_id": late["update_id"] + n} for n, one in enumerate((asked, wrong))]
    telegram.add(*rest, *numbered)
    processes.start("poll", POLL)
    calls = [
        telegram.sandbox.wait_for(lambda call, one=one: call.parameters.get("pre_checkout_query_id") == query(one), 30)
        for one in (asked, wrong)
    ]
    wait_until(lambda: not telegram.waiting(), "the batch to be confirmed")
    assert [telegram.sandbox.pre_checkout_answer(query(one)) for one in (asked, wrong)] == [True, False]
    assert calls[1].parameters["error_message"]
    assert Update.objects.count() == 50, "the questions are not kept"
    first = Update.objects.order_by("received_at").values_list("received_at", flat=True)[0].timestamp()
    assert max(call.received_at for call in calls) < first


def query(asked: dict[str, Any]) -> str:
    return str(asked["pre_checkout_query"]["id"])


def test_while_a_webhook_is_set_it_says_how_to_remove_it(telegram: PolledTelegram, processes: Processes) -> None:
    telegram.sandbox._http.post(
        f"/bot{telegram.sandbox.token}/setWebhook", json={"url": "https://example.org/telegram/webhook"}
    )
    refused = processes.start("refused", POLL)
    assert ended(refused) == 1
    assert "https://example.org/telegram/webhook" in refused.text()
    assert "manage.py poll --remove-webhook" in refused.text()
    assert telegram.asked == []
    telegram.add(update())
    poller = processes.start("poll", f"{POLL} --remove-webhook")
    wait_until(lambda: not telegram.waiting(), "the update to be confirmed")
    assert Update.objects.count() == 1
    telegram.refusal = (409, "Conflict: terminated by other getUpdates request")
    telegram.add(update())
    assert ended(poller) == 1
    assert "Another program fetches updates with this token" in poller.text()


def test_what_somebody_says_in_the_sandbox_is_fetched(telegram: PolledTelegram, processes: Processes) -> None:
    """The sandbox's own getUpdates instead of the one above, in the middle of a long poll."""
    sandbox = telegram.sandbox
    poller = processes.start("poll", POLL, TELEGRAM_API_URL=sandbox.url)
    wait_until(lambda: "polling for" in poller.text(), "the poller")
    ada = {"first_name": "Ada", "language_code": "en", "time_zone": "UTC"}
    allowed = {"headers": {"Authorization": f"Bearer {sandbox.page_token}"}}
    person = sandbox._http.post("/chat/people", json=ada, **allowed).json()["id"]
    said = {"person": person, "chat": person}
    numbers = [
        sandbox._http.post("/chat/say", json=said | {"text": text}, **allowed).json()["update_id"]
        for text in ("/start", "hello")
    ]
    kept = Update.objects.order_by("pk").values_list("update_id", flat=True)
    wait_until(lambda: list(kept.all()) == numbers, "both to be kept")
    assert terminate(poller) < AT_ONCE_SECONDS
    assert counted() == {}
