"""The whole run: servers and databases, the corpus, the mutations, and what it comes to."""

import argparse
import contextlib
import io
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from diana.local import ports
from diana.sandbox.bot_api import USERNAME
from diana.sandbox.running import Sandbox, running_sandbox
from fuzz import corpus_run, mutation_run
from fuzz.ground import Ground, OwnGround, RealGround
from fuzz.lines import Line, lines, read
from tests import acting_roles
from tests.processes import running_processes, wait_until
from tests.servers import servers

Say = Callable[[str], None]
WORKERS = ("worker", "telegram")
SHOWN = 100


def run(chosen: argparse.Namespace, *, say: Say) -> int:
    """Run the chosen parts; return the exit status."""
    began = time.monotonic()
    say(f"make fuzz: seed {chosen.seed}, {chosen.count} mutations")
    # What is said on the way is listened to, not shown.
    logging.getLogger().handlers = [logging.NullHandler()]
    servers.make_template()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        call_command("release", verbosity=0)
    # What runs in this process acts as the role of the process that would do it.
    acting_roles.install()
    ok = True
    if chosen.part != "mutations" and chosen.only is None:
        ok &= _corpus(chosen, say)
    if chosen.part != "corpus":
        ok &= _mutations(chosen, say)
    say(f"{'right' if ok else 'WRONG'}, {time.monotonic() - began:.0f} s")
    return 0 if ok else 1


def _corpus(chosen: argparse.Namespace, say: Say) -> bool:
    taken = [line for line in _lines(chosen) if chosen.lines in f"{line.name} {line.kind}"]
    with _database(), _ground(own=chosen.own) as ground:
        bot_id = int(settings.TELEGRAM_BOT_TOKEN.partition(":")[0])
        report = corpus_run.run(ground, taken, bot_id=bot_id, bot_name=USERNAME, say=say)
    for line in report.details()[:SHOWN]:
        say(f"  {line}")
    if (more := len(report.details()) - SHOWN) > 0:
        say(f"  and {more} more")
    say(report.summary())
    return report.ok


def _mutations(chosen: argparse.Namespace, say: Say) -> bool:
    """Play the mutations in as many processes as there are processors, each on a database of its own."""
    if chosen.only is not None:
        report = _play(chosen, [chosen.only], say)
    else:
        report = mutation_run.Report(chosen.seed)
        began, processes = time.monotonic(), min(len(os.sched_getaffinity(0)), 4)
        for connection in connections.all(initialized_only=True):
            connection.close()
        parts = [range(n, chosen.count, processes) for n in range(processes)]
        with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
            futures = [pool.submit(_play, chosen, part, say) for part in parts]
            for future in futures:
                report.add(future.result())
        report.seconds = time.monotonic() - began
    for fault in report.faults[:SHOWN]:
        say(f"  {fault}")
    if report.answered < mutation_run.AT_LEAST or chosen.only is not None or chosen.lost:
        for lost in report.lost[:SHOWN]:
            say(f"  not answered as before\n{lost}")
    say(report.summary())
    return report.ok


def _play(chosen: argparse.Namespace, numbers: Sequence[int], say: Say) -> mutation_run.Report:
    bot_id = int(settings.TELEGRAM_BOT_TOKEN.partition(":")[0])
    with _database(), _ground(own=True) as ground:
        return mutation_run.run(
            ground, _lines(chosen), seed=chosen.seed, numbers=numbers, bot_id=bot_id, bot_name=USERNAME, say=say
        )


def _lines(chosen: argparse.Namespace) -> Sequence[Line]:
    return (*lines(), *(read(chosen.extra) if chosen.extra else ()))


@contextmanager
def _database() -> Iterator[str]:
    """Point this process and those that it starts at a fresh database."""
    for connection in connections.all(initialized_only=True):
        connection.close()
    name = servers.clone()
    before = {alias: connections.settings[alias]["NAME"] for alias in connections.settings}
    for alias in before:
        connections.settings[alias]["NAME"] = name
    os.environ |= servers.addresses(name)
    try:
        yield name
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
        for alias, old in before.items():
            connections.settings[alias]["NAME"] = old


@contextmanager
def _ground(*, own: bool) -> Iterator[Ground]:
    with _sandbox() as sandbox:
        if own:
            ground = OwnGround(sandbox)
            with ground.errors.listening():
                yield ground
        else:
            servers.valkey.start()
            with _real(servers.directory, sandbox) as real:
                yield real


@contextmanager
def _sandbox() -> Iterator[Sandbox]:
    with running_sandbox(settings.TELEGRAM_BOT_TOKEN) as sandbox:
        settings.TELEGRAM_API_URL = os.environ["TELEGRAM_API_URL"] = sandbox.url
        yield sandbox


@contextmanager
def _real(directory: Path, sandbox: Sandbox) -> Iterator[RealGround]:
    port = ports.free_port()
    with running_processes(directory) as processes:
        door = processes.start("door", DOOR_PORT=str(port))
        started = [door, *(processes.start(name) for name in (*WORKERS, "relay"))]
        workers = started[1:-1]
        wait_until(lambda: all(" ready." in worker.text() for worker in workers), "the workers to be ready")
        ground = RealGround(sandbox, f"http://127.0.0.1:{port}", started)
        wait_until(ground.is_up, "the webhook")
        yield ground
