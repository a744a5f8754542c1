"""Somebody talks to the bot through the sandbox: its webhook, the real door, a real worker, and back."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from diana.local import ports
from diana.sandbox.chat.extensions import Extensions
from diana.sandbox.handling import Site
from diana.sandbox.running import Sandbox, running_sandbox
from diana.sandbox.webhook import Preset
from tests.processes import ROOT, Processes, running_processes, wait_until
from tests.sandbox.chat.conftest import ADA, LUCIA, Page


@pytest.fixture
def sandbox(committed_db: str, valkey: str, tmp_path: Path) -> Iterator[tuple[Sandbox, Processes]]:
    """A sandbox that delivers to a real door."""
    port = ports.free_port()
    preset = Preset(f"http://127.0.0.1:{port}/telegram/webhook", settings.TELEGRAM_WEBHOOK_SECRET)
    site = Site(extensions=Extensions(with_django=True))
    with (
        running_sandbox(settings.TELEGRAM_BOT_TOKEN, preset=preset, site=site) as running,
        running_processes(tmp_path) as processes,
    ):
        processes.environment |= {"TELEGRAM_API_URL": running.url, "DOOR_PORT": str(port), "EVENTS_KEEP_VISITS": "true"}
        processes.environment |= {"TELEGRAM_WEBHOOK_SECRET": settings.TELEGRAM_WEBHOOK_SECRET}
        processes.environment |= {"SANDBOX_PAGE_TOKEN": running.page_token}
        processes.start("door")
        wait_until(lambda: ports.answers(port), "the door")
        yield running, processes


def test_it_answers_on_the_page_and_at_the_terminal(sandbox: tuple[Sandbox, Processes]) -> None:
    running, processes = sandbox
    page = Page(running)
    said = page.say("/start")
    assert page.news(until="delivered")[-1][1] == {"update_id": said["update_id"], "status": 200}
    timeline = page.get("timeline", update=said["update_id"])
    assert (timeline["worker_running"], timeline["at_rest"]) == (False, False)
    assert page.refusal("vip", person=LUCIA)[0] == 409

    # A busy machine may lose the first wake-up: the relay looks after it.
    processes.start("relay")
    processes.start_worker("telegram")
    wait_until(lambda: len(page.messages()) == 2, "an answer")
    assert "Welcome, Ada!" in page.messages()[-1]["text"]
    assert page.post("vip", person=ADA) == {}
    assert page.get("state")["people"][0]["vip"] is True
    other = page.say("/help", person=LUCIA)["update_id"]
    wait_until(lambda: len(page.messages(LUCIA)) == 2, "another answer")

    ended = subprocess.run(
        [sys.executable, "manage.py", "say", "ada", "/points"],
        cwd=ROOT,
        env=processes.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Diana (sandbox): Balance: ")

    deadline = time.monotonic() + 20
    while not (told := page.get("timeline", update=said["update_id"]))["at_rest"]:
        assert time.monotonic() < deadline, told
        time.sleep(0.3)
    calls = [item["text"] for item in told["items"] if item["kind"] == "call" and item["title"] == "sendMessage"]
    assert len(calls) == 1
    assert calls[0].startswith("Welcome, Ada!")
    assert told["update_id"] != other
    assert {"update", "event", "call"} <= {item["kind"] for item in told["items"]}
    page.http.close()
