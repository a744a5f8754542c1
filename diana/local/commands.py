"""The commands of `python -m diana.local`: start Diana on this machine, or only its servers, and stop them."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from diana.local.errors import LocalError
from diana.local.instance import ROOT, Instance
from diana.local.ports import LOOPBACK
from diana.local.postgres import Postgres
from diana.local.supervise import Stack, uninterrupted
from diana.local.supervisord import Supervisor
from diana.local.valkey import Valkey

NEXT_STEPS = (
    "  Open the first address, choose a person and send /start: the bot answers, and you see what that set off.\n"
    "  At another terminal `.venv/bin/python manage.py say ada /start` does the same."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error is one message on standard error and status 1."""
    chosen = _parser().parse_args(arguments)
    try:
        with interruptible():
            chosen.act(chosen)
    except LocalError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def run(chosen: argparse.Namespace) -> None:
    """Start everything, print where it is, report restarts until Ctrl-C, stop everything."""
    instance = Instance(chosen.instance)
    say("Diana starts; Ctrl-C ends it.\n")
    if instance.has_sandbox and os.environ.get("TELEGRAM_BOT_TOKEN"):
        say("TELEGRAM_BOT_TOKEN has not the shape of a real bot's token: the sandbox takes the place of Telegram.\n")
    try:
        with Stack(instance, report=report) as stack:
            began = time.monotonic()
            staff = json.loads(stack.run("python manage.py ensure_staff --json", log="ensure_staff", keep_output=False))
            report("staff user", time.monotonic() - began)
            bot = stack.run("python manage.py poll --check", log="poll-check").strip() if instance.polls else ""
            say(addresses(instance, staff, bot))
            Thread(target=set_commands, args=(stack,), name="commands", daemon=True).start()
            for name, state in stack.restarts():
                say(f"{time.strftime('%H:%M:%S')} {name} is {state.name.lower()} (process {state.pid or 'none'})")
    except KeyboardInterrupt:
        say("\nEverything has stopped.")


def set_commands(stack: Stack) -> None:
    """Tell Telegram, or the sandbox, the bot's commands; first answers need the processor more."""
    with suppress(LocalError):
        stack.run("nice -n 10 python manage.py set_commands", log="set_commands")


def services(chosen: argparse.Namespace) -> None:
    """Start or stop PostgreSQL and Valkey alone, or say whether they run."""
    instance = Instance(chosen.instance)
    if chosen.what == "start":
        instance.start_services()
    elif chosen.what == "stop":
        instance.stop_services()
    for name, server, variable in (
        ("PostgreSQL", instance.postgres, "DATABASE_URL"),
        ("Valkey", instance.valkey, "REDIS_URL"),
    ):
        if server is None:
            say(f"{name:<12}given by {variable}")
        else:
            say(f"{name:<12}{f'runs on {LOOPBACK}:{server.port}' if server.running() else 'is stopped'}")
    say(f"{'variables':<12}{instance.directory / 'env'}")


def clean(_chosen: argparse.Namespace) -> None:
    """Stop what runs of this checkout's instances and throw their data away."""
    for directory in sorted((ROOT / ".diana").glob("*/")):
        # Servers are ours to stop here whatever the environment says.
        instance = Instance(directory.name, root=ROOT, given={})
        with instance.alone(), uninterrupted():
            Supervisor(directory / "supervisor", working_directory=ROOT, logs=instance.logs).clear_leftovers()
            end_servers_below(directory)
            for link in filter(Path.is_symlink, directory.iterdir()):
                # Runs of tests have their servers in memory.
                end_servers_below(link.resolve())
                shutil.rmtree(link.resolve(), ignore_errors=True)
            shutil.rmtree(directory)
        say(f"removed {directory}")


def end_servers_below(directory: Path) -> None:
    """Stop every PostgreSQL and Valkey whose files lie in the directory: an instance's own, and those of killed tests."""
    for status in directory.rglob("postmaster.pid"):
        Postgres(status.parent.parent).stop()
    for status in directory.rglob("valkey.pid"):
        Valkey(status.parent).stop()


def addresses(instance: Instance, staff: dict[str, str | None], bot: str = "") -> str:
    """Return the table of what can be opened in a browser, and with which account; `bot` is a real one's address."""
    variables = instance.variables()
    web = f"http://{LOOPBACK}:{variables['PORT']}"
    account = f"{staff.get('username')} / {staff.get('password') or '(password unchanged)'}"
    flower = f"http://{LOOPBACK}:{variables['FLOWER_PORT']}"
    rows = [
        ("Admin", f"{web}/admin/", account),
        ("Flower", flower, variables["FLOWER_BASIC_AUTH"].replace(":", " / ", 1)),
        *(
            []
            if instance.has_sandbox
            else [("Bot", bot, "") if bot else ("Bot API", variables["TELEGRAM_API_URL"], "")]
        ),
        ("Health", f"{web}/health/live", ""),
        *([] if instance.polls else [("Webhook", f"http://{LOOPBACK}:{variables['DOOR_PORT']}/telegram/webhook", "")]),
        ("Logs", str(instance.logs), ""),
    ]
    table = "\n" + "\n".join(f"  {what:<9}{where:<40} {who}".rstrip() for what, where, who in rows) + "\n"
    return table if not instance.has_sandbox else f"{talking(variables)}\n{table}\n{NEXT_STEPS}\n"


def talking(variables: Mapping[str, str]) -> str:
    """Return the line with the address of the chat page, with the token of this run."""
    return f"\n  Talk to the bot: {variables['TELEGRAM_API_URL']}/#{variables['SANDBOX_PAGE_TOKEN']}"


def report(what: str, seconds: float) -> None:
    """Print one finished step."""
    say(f"  {what:<24}{seconds:5.1f} s")


def say(text: str) -> None:
    """Print at once, also into a pipe; a reader or terminal that went away must not keep the rest from stopping."""
    with suppress(OSError):
        print(text, flush=True)


@contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP do what Ctrl-C does, and Ctrl-C work where the shell had it ignored."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m diana.local", description="Diana on this machine.")
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help="everything, until Ctrl-C")
    running.set_defaults(act=run)
    serving = commands.add_parser("services", help="PostgreSQL and Valkey alone, in the background")
    serving.add_argument("what", choices=["start", "stop", "status"])
    serving.set_defaults(act=services)
    for command in (running, serving):
        command.add_argument("--instance", default="run", help="which data to work on (default: run)")
    commands.add_parser("clean", help="stop everything of this checkout and remove its local data").set_defaults(
        act=clean
    )
    return parser
