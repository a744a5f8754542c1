"""The sandbox as a process of its own: options, refusals, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from diana import clock
from diana.sandbox.client import SandboxClient
from diana.sandbox.safety import MADE_UP_TOKEN
from tests.sandbox.chat.conftest import running_hook
from tests.sandbox.conftest import PLAIN

ROOT = Path(__file__).resolve().parents[2]
MODULE = [sys.executable, "-m", "diana.sandbox"]
REAL_LOOKING = "123456:" + "Abc_def-" * 4


def environment(**variables):
    return {name: value for name, value in os.environ.items() if name != "TELEGRAM_BOT_TOKEN"} | variables


def refusal(*options, **variables):
    ended = subprocess.run(
        [*MODULE, *options],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=environment(**variables),
        cwd=ROOT,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


@contextmanager
def sandbox_process(*options, **variables):
    process = subprocess.Popen(
        [*MODULE, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(**variables),
    )
    try:
        line = process.stdout.readline()
        yield process, re.search(r"http://127\.0\.0\.1:\d+", line)[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_even_with_open_calls(number):
    with sandbox_process() as (process, url), SandboxClient(url) as client:
        client.behave(7, hang=True)
        client.behave(8, delay_seconds=60)
        errors = []

        def call(path):
            try:
                httpx.get(url + path, **PLAIN, timeout=30)
            except httpx.TransportError as error:
                errors.append(error)

        paths = [f"/bot1:sandbox/sendMessage?chat_id={chat}&text=x" for chat in (7, 8)]
        threads = [threading.Thread(target=call, args=(path,)) for path in [*paths, "/sandbox/calls?after=2&wait=60"]]
        for thread in threads[:2]:
            thread.start()
        client.wait_for(lambda call: call.sequence == 2)
        threads[2].start()
        # Its arrival shows nowhere.
        time.sleep(0.2)
        begun = time.monotonic()
        process.send_signal(number)
        _, complaints = process.communicate(timeout=10)
        assert time.monotonic() - begun < 1
        assert (process.returncode, complaints) == (0, "")
        for thread in threads:
            thread.join()
        assert len(errors) == 3


def test_it_takes_the_token_from_the_environment():
    with sandbox_process(TELEGRAM_BOT_TOKEN="77:from-env") as (_, url):
        assert httpx.get(f"{url}/bot77:from-env/getMe", **PLAIN).json()["result"]["id"] == 77


def test_it_refuses_real_looking_tokens_without_repeating_them():
    for complaint in (refusal(TELEGRAM_BOT_TOKEN=REAL_LOOKING), refusal("--token", REAL_LOOKING)):
        assert "such as 1:sandbox" in complaint
        assert "Abc_def" not in complaint


def test_it_refuses_what_is_no_token():
    assert "such as 1:sandbox" in refusal("--token", "nonsense")


def test_it_refuses_to_listen_to_others():
    assert "Leave --host out" in refusal("--host", "0.0.0.0")


def test_it_refuses_to_run_in_production():
    assert "does not run in production" in refusal("--port", "0", DIANA_ENV="production")


def test_it_delivers_to_the_door_that_it_is_told_of():
    given = {"SANDBOX_PAGE_TOKEN": "page-token", "TELEGRAM_WEBHOOK_SECRET": "new,old"}
    addresses = ("--web", "http://127.0.0.1:1", "--door")
    with (
        running_hook() as hook,
        sandbox_process(*addresses, hook.url.removesuffix("/telegram/webhook"), **given) as told,
    ):
        process, url = told
        headers = {"Authorization": "Bearer page-token"}
        state = httpx.get(f"{url}/chat/state", headers=headers, **PLAIN).json()
        assert state["links"]["admin"] == "http://127.0.0.1:1/admin/"
        said = {"person": state["people"][0]["id"], "chat": state["people"][0]["id"], "text": "x"}
        httpx.post(f"{url}/chat/say", json=said, headers=headers, **PLAIN)
        hook.updates(1)
        assert hook.deliveries[0][1]["X-Telegram-Bot-Api-Secret-Token"] == "new"
        with open(f"/proc/{process.pid}/cmdline", "rb") as words:
            assert b"page-token" not in words.read()
        process.terminate()
        printed, _ = process.communicate(timeout=10)
        assert "page-token" not in printed


def test_it_names_the_cure_for_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "Choose another with --port" in refusal("--port", str(taken.getsockname()[1]))


def test_it_names_the_cure_for_a_record_file_that_cannot_be(tmp_path):
    assert "in a folder that exists" in refusal("--port", "0", "--record", str(tmp_path / "no" / "file"))


def test_it_needs_nothing_of_django():
    code = "import diana.sandbox.running, diana.sandbox.command_line, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False, cwd=ROOT).returncode == 0


def test_it_is_a_command_of_manage_py(tmp_path):
    (tmp_path / "only_the_sandbox.py").write_text("INSTALLED_APPS = ['diana.sandbox']\nSECRET_KEY = 'x'\n")
    variables = environment(DJANGO_SETTINGS_MODULE="only_the_sandbox", PYTHONPATH=str(tmp_path))
    command = [sys.executable, str(ROOT / "manage.py"), "sandbox", "--port", "0"]
    refused = subprocess.run(
        [*command, "--token", REAL_LOOKING], capture_output=True, text=True, timeout=20, check=False, env=variables
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("CommandError: The token looks like a real one")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) as process:
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_its_dates_follow_the_moved_clock(tmp_path):
    clock.write_offset(tmp_path / clock.FILE_NAME, timedelta(days=8))
    with sandbox_process(DIANA_STATE_DIR=str(tmp_path)) as (_, url), SandboxClient(url) as client:
        sent = httpx.post(f"{url}/bot{MADE_UP_TOKEN}/sendMessage", json={"chat_id": 1, "text": "x"}, trust_env=False)
        dates = (sent.json()["result"]["date"], client.calls()[0].received_at)
        assert [round((date - clock.real_now().timestamp()) / 86_400) for date in dates] == [8, 8]
