"""`make demo`: a fresh Diana with all its processes, a conversation, a report. Status 0 only if every effect is right.

`--at 2026-12-31T23:50Z` (`make demo AT=…`) plays it at that moment of domain time.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import django

from demo.errors import DemoError
from diana.local.commands import interruptible, report, say
from diana.local.errors import LocalError, tail
from diana.local.files import empty_directory
from diana.local.instance import ROOT, Instance
from diana.local.supervise import Stack, uninterrupted
from diana.local.supervisord import Supervisor

# What a terminal may have set for another Diana. The demo begins with an empty database: it never takes a given one.
FOREIGN = (
    *("DATABASE_", "REDIS_", "CACHE_", "TELEGRAM_", "DIANA_", "DJANGO_", "FLOWER_", "CELERY_", "GRANIAN_", "SECURE_"),
    *("CSRF_", "EVENTS_", "LEDGER_", "STAFF_", "METRICS_", "SUPPORT_", "TOMBSTONE_"),
)
FOREIGN_NAMES = ("PORT", "DOOR_PORT", "HOST", "SANDBOX_PORT", "ALLOWED_HOSTS", "TRUSTED_PROXIES")
LOGS = ("web", "door", "worker", "telegram", "relay")
# What the clean start leaves in the demo's folder, and why.
STAYS = {"lock": "this process holds it"}
# A line of a logger, or the last line of a traceback.
ERROR = re.compile(r" (?:ERROR|CRITICAL) |^[A-Za-z_.]*(?:Error|Exception)\b")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo once; errors are one message on standard error and status 1, Ctrl-C is status 130."""
    began = time.monotonic()
    parser = argparse.ArgumentParser(prog="python -m demo", description="Play a conversation and count its effects.")
    parser.add_argument("--at", type=moment, metavar="TIME", help="when it is played: 2026-12-31T23:50Z (default: now)")
    chosen = parser.parse_args(arguments)
    try:
        with interruptible():
            return run(began, at=chosen.at)
    except (DemoError, LocalError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("\nStopped; nothing is left running.")
        return 130


def moment(text: str) -> datetime:
    """Return the moment of an ISO 8601 text with its zone; raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def run(began: float, *, at: datetime | None = None) -> int:
    """Start everything afresh, play, stop everything, print what came of it."""
    instance = Instance("demo", given=own_environment())
    say("Diana starts with an empty database; Ctrl-C ends it.\n")
    throw_away(instance)
    with Stack(instance, report=report, at=at) as stack:
        point_django_at(stack.environment())
        # Not at the top: models can be imported only now.
        from demo import reporting, story

        try:
            told = story.tell(instance.variables(), report)
        except DemoError as error:
            logs = "\n".join(end_of_log(instance.logs / f"{name}.log") for name in LOGS)
            raise DemoError(f"{error}\n{logs}") from error
        stopping = time.monotonic()
    report("stop", time.monotonic() - stopping)
    say(reporting.full_report(told))
    say(reporting.summary(told, seconds=time.monotonic() - began))
    return 0 if told.is_right else 1


def own_environment() -> dict[str, str]:
    """Return the process environment without what is meant for another Diana."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) and name not in FOREIGN_NAMES
    }


def point_django_at(environment: Mapping[str, str]) -> None:
    """Make this process one more of the instance's: the settings read the environment at their first import."""
    os.environ.clear()
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="config.settings")
    django.setup()


def end_of_log(log: Path) -> str:
    """Return the last errors of a log where it has any, else its end."""
    errors = [line[:300] for line in log.read_text(errors="replace").splitlines() if ERROR.search(line)][-6:]
    return "\n".join([f"  errors in {log}:", *(f"  | {line}" for line in errors)]) if errors else tail(log, lines=6)


def throw_away(instance: Instance) -> None:
    """End what a killed demo left, and remove everything of it but what stays."""
    with instance.alone(), uninterrupted():
        Supervisor(instance.directory / "supervisor", working_directory=ROOT, logs=instance.logs).clear_leftovers()
        instance.end_services()
        empty_directory(instance.directory, keep=STAYS)


if __name__ == "__main__":
    sys.exit(main())
