"""What the sandbox refuses to start with: real tokens, and addresses that others can reach."""

import re
from collections.abc import Mapping

from diana import deployment

LOOPBACK = "127.0.0.1"
MADE_UP_TOKEN = "1:sandbox"  # noqa: S105
_REAL_TOKEN = re.compile(r"[0-9]{6,}:[A-Za-z0-9_-]{30,}")
_TOKEN = re.compile(r"[1-9][0-9]{0,15}:[A-Za-z0-9_-]{1,63}")


class StartRefusedError(Exception):
    """Raised before anything listens; the message says what to change."""


def check_token(token: str) -> None:
    """Raise StartRefusedError for a token that may be real or cannot be one at all; the message never repeats it."""
    if _REAL_TOKEN.fullmatch(token.strip()):
        raise StartRefusedError(
            "The token looks like a real one, and the sandbox writes down what it is sent."
            " Set TELEGRAM_BOT_TOKEN (or --token) to a made-up one such as 1:sandbox."
        )
    if not _TOKEN.fullmatch(token):
        raise StartRefusedError(
            "The token must be a number, a colon and letters, digits, _ or -."
            " Set TELEGRAM_BOT_TOKEN (or --token) to one such as 1:sandbox."
        )


def check_host(host: str) -> None:
    """Raise StartRefusedError unless the address can be reached from this machine alone."""
    if host != LOOPBACK:
        raise StartRefusedError(
            f"The sandbox lets anyone who reaches it read and change everything, so it listens on {LOOPBACK} only."
            f" Leave --host out, and forward a port if another machine needs it."
        )


def check_environment(environment: Mapping[str, str]) -> None:
    """Raise StartRefusedError in production, and where DIANA_ENV is none of the three words."""
    try:
        kind = deployment.kind(environment)
    except deployment.UnknownKind as error:
        raise StartRefusedError(str(error)) from error
    if kind == deployment.PRODUCTION:
        raise StartRefusedError(
            "The sandbox stands in for Telegram and does not run in production (DIANA_ENV)."
            " Talk to the real bot there, or unset DIANA_ENV here."
        )
