"""The options of the sandbox's command line and the process that serves until it is told to end."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diana.sandbox.chat.extensions import Extensions
from diana.sandbox.handling import Site
from diana.sandbox.safety import LOOPBACK, MADE_UP_TOKEN, check_environment, check_host, check_token
from diana.sandbox.server import serve
from diana.sandbox.webhook import Preset

DEFAULT_PORT = 8081
WEBHOOK_PATH = "/telegram/webhook"
DESCRIPTION = "Stand in for Telegram's Bot API on this machine and record every call."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; the token comes from TELEGRAM_BOT_TOKEN unless given."""
    parser.add_argument("--host", default=LOOPBACK, help=f"only {LOOPBACK} is accepted")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--token", default=None, help=f"a made-up one; default: TELEGRAM_BOT_TOKEN, else {MADE_UP_TOKEN}"
    )
    parser.add_argument("--web", default="", metavar="URL", help="where Diana's web process is, for a link on the page")
    parser.add_argument("--door", default="", metavar="URL", help="where Diana's door is: updates go to its webhook")
    parser.add_argument("--flower", default="", metavar="URL", help="where Flower is, for a link on the page")
    parser.add_argument(
        "--django", default="", metavar="MODULE", help="settings for what the page cannot do without them"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", default=None, help="append every call as a JSON line")


def run(options: Mapping[str, Any]) -> None:
    """Serve in the foreground; return after SIGINT or SIGTERM. Raises StartRefusedError."""
    token = options["token"] or os.environ.get("TELEGRAM_BOT_TOKEN") or MADE_UP_TOKEN
    check_environment(os.environ)
    check_host(options["host"])
    check_token(token)
    asyncio.run(_serve_until_signalled(token, options))


async def _serve_until_signalled(token: str, options: Mapping[str, Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    web, door = options["web"].rstrip("/"), options["door"].rstrip("/")
    if options["django"]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", options["django"])
    site = Site(
        admin=f"{web}/admin/" if web else "",
        flower=options["flower"],
        extensions=Extensions(with_django=bool(options["django"])),
    )
    polled = os.environ.get("TELEGRAM_UPDATES") == "poll"
    preset = Preset(f"{door}{WEBHOOK_PATH}", webhook_secret(os.environ)) if door and not polled else Preset()
    record = options["record"]
    await serve(token, options["port"], record, stop=stop, on_ready=_announce, preset=preset, site=site)


def webhook_secret(environment: Mapping[str, str]) -> str:
    """Return the secret that opens the webhook: the first, where one replaces another."""
    return environment.get("TELEGRAM_WEBHOOK_SECRET", "").partition(",")[0].strip()


def _announce(site: Site) -> None:
    address = f"http://{LOOPBACK}:{site.port}"
    sys.stdout.write(f"The sandbox of the Bot API listens on {address} (Ctrl+C ends it).\n")
    if sys.stdout.isatty():
        # Not into a log: who has the token can act for the people of the page.
        sys.stdout.write(f"Talk to the bot: {address}/#{site.token}\n")
    sys.stdout.flush()
