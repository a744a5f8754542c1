"""The only module that asks what time it is; everything else is told.

Domain time (what happened when, what is due for people) can be moved outside production by an offset in a file, which
`manage.py clock` writes. Work (leases, retries, pauses) is told real time. The SQL function diana_now() is now() of domain
time in the database. Nothing of Django belongs here: the sandbox runs without it.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

# An offset is used for so long after it was read, so a new one holds everywhere this long after it was written.
LOOK_SECONDS = 1.0
# In DIANA_STATE_DIR.
FILE_NAME = "clock.json"


class UnreadableOffset(RuntimeError):
    """The file of the clock's offset is damaged: run `manage.py release`, which writes it again from the database."""


class _Looked(NamedTuple):
    """The offset that was in the file when it was last read, and when that was, on the monotonic clock."""

    at: float
    offset: timedelta


_ZERO = timedelta()
_NEVER = _Looked(float("-inf"), _ZERO)
_file: Path | None = None
_looked = _NEVER


def now() -> datetime:
    """Return the present moment of domain time, aware, in UTC."""
    return datetime.now(UTC) + current_offset()  # noqa: TID251  # here and nowhere else


def real_now() -> datetime:
    """Return the real present moment, aware, in UTC: for leases, retries, pauses and what else belongs to work."""
    return datetime.now(UTC)  # noqa: TID251  # here and nowhere else


def current_offset() -> timedelta:
    """Return how far domain time is ahead of real time; never what was replaced more than LOOK_SECONDS ago."""
    global _looked
    if _file is None:
        return _ZERO
    at, looked = time.monotonic(), _looked
    if not 0 <= at - looked.at < LOOK_SECONDS:
        # One assignment, so that a thread that was slow to read brings its own, older time of reading along.
        _looked = looked = _Looked(at, read_offset(_file))
    return looked.offset


def follow(file: Path | None) -> None:
    """Take the offset from this file from now on; None is for production, where no file is looked at."""
    global _file, _looked
    _file, _looked = file, _NEVER


def read_offset(file: Path) -> timedelta:
    """Return the offset in the file, nothing if there is no file; raises UnreadableOffset."""
    try:
        return timedelta(microseconds=int(json.loads(file.read_bytes())["offset_microseconds"]))
    except FileNotFoundError:
        return _ZERO
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise UnreadableOffset(f"{file}: {UnreadableOffset.__doc__}") from error


def write_offset(file: Path, value: timedelta) -> None:
    """Put the offset into the file in one step, or remove the file if it is nothing."""
    if not value:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".new")
    unfinished.write_text(json.dumps({"offset_microseconds": value // timedelta(microseconds=1)}))
    unfinished.replace(file)
