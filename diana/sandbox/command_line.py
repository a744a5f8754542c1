"""The options of the sandbox's command line and the process that serves until it is told to end."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from diana.sandbox.safety import LOOPBACK, MADE_UP_TOKEN, check_host, check_token
from diana.sandbox.server import serve

DEFAULT_PORT = 8081
DESCRIPTION = "Stand in for Telegram's Bot API on this machine and record every call."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; the token comes from TELEGRAM_BOT_TOKEN unless given."""
    parser.add_argument("--host", default=LOOPBACK, help=f"only {LOOPBACK} is accepted")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--token", default=None, help=f"a made-up one; default: TELEGRAM_BOT_TOKEN, else {MADE_UP_TOKEN}"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", default=None, help="append every call as a JSON line")


def run(host: str, port: int, token: str | None, record: Path | None) -> None:
    """Serve in the foreground; return after SIGINT or SIGTERM. Raises StartRefusedError."""
    token = token or os.environ.get("TELEGRAM_BOT_TOKEN") or MADE_UP_TOKEN
    check_host(host)
    check_token(token)
    asyncio.run(_serve_until_signalled(port, token, record))


async def _serve_until_signalled(port: int, token: str, record: Path | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(token, port, record, stop=stop, on_ready=_announce)


def _announce(port: int) -> None:
    sys.stdout.write(f"The sandbox of the Bot API listens on http://{LOOPBACK}:{port} (Ctrl+C ends it).\n")
    sys.stdout.flush()
