"""The conversation: Telegram's own updates, one on a line, in the order in which they are delivered.

Their dates are seconds from the start. Everything happens within one full clock hour that has just ended, so that no
limit of an hour or a day depends on when the demo is run, and nothing is older than the day that Telegram repeats.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
HOUR_SECONDS = 3600
DATES = ("date", "edit_date")


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An update, the HTTP status with which the webhook must answer, and a secret if it comes with a wrong one."""

    status: int
    update: dict[str, Any]
    secret: str | None = None


def read_conversation(path: Path = HERE / "conversation.jsonl") -> list[Line]:
    """Return the lines of the conversation; raises msgspec.DecodeError for one that is none."""
    return msgspec.json.decode(b"[" + b",".join(path.read_bytes().splitlines()) + b"]", type=list[Line])


def start_of_conversation(now: datetime) -> int:
    """Return when the conversation begins, in seconds since 1970: with the last clock hour (UTC) that is over."""
    seconds = int(now.astimezone(UTC).timestamp())
    return seconds - seconds % HOUR_SECONDS - HOUR_SECONDS


def dated(update: Any, start: int) -> Any:
    """Return the update with its dates counted from the start."""
    if isinstance(update, list):
        return [dated(part, start) for part in update]
    if not isinstance(update, dict):
        return update
    return {name: start + part if name in DATES else dated(part, start) for name, part in update.items()}
