"""The files in which the processes of a machine keep their numbers, so that one of them can show all of them.

Each process writes files of its own, mapped into its memory, under a name that no other process ever has, and holds a
lock that ends with it. What a dead process has counted is added to one merged file and its own files are removed: by
whoever shows the numbers, and by each process that begins. So the numbers of the dead count on, a gauge of theirs is
never read again, and there are never more files than processes that lived since the last beginning.
"""

import fcntl
import logging
import os
import secrets
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from prometheus_client import Metric, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)

# The kinds of files, and the room that each gets at once: a write into a file with holes would end the process
# (SIGBUS) when the disk is full.
ROOM_BYTES = {"counter": 1 << 17, "histogram": 1 << 19, "gauge_livesum": 1 << 16}
SUMMED = ("counter", "histogram")
UNREADABLE = (struct.error, RuntimeError, ValueError, OSError)


class Busy(RuntimeError):
    """Another process is reading or tidying the numbers: ask again."""


class _Own:
    """This process's name and the lock that says it lives."""

    pid = 0
    name = ""
    lock: Any = None


def use_files() -> None:
    """Have the numbers of this process kept in files from now on; without a place for them they stay in memory."""
    try:
        identity()
    except OSError as error:
        logger.warning("numbers of this process cannot be shown: %s; see METRICS_DIR", error)
        return
    # The library reads the place from the environment, and only there; set here, so that Flower keeps its own to itself.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_directory())
    values.ValueClass = values.MultiProcessValue(identity)  # type: ignore[no-untyped-call]


def identity() -> str:
    """Return the name of this process, which begins its files at the first call; a forked child gets its own."""
    if _Own.pid != os.getpid():
        _begin()
    return _Own.name


def _begin() -> None:
    name = f"{os.getpid()}-{secrets.token_hex(4)}"
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f"{name}.new"
    # A lock of the process, not of the open file: a child that is forked does not hold it.
    lock = fresh.open("wb")
    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Whoever sees the name sees it locked.
    fresh.rename(_alive(name))
    for kind, size in ROOM_BYTES.items():
        _reserve(directory / f"{kind}_{name}.db", size)
    _Own.pid, _Own.name, _Own.lock = os.getpid(), name, lock
    with suppress(Busy), _alone(wait_seconds=0):
        _sweep()


def _reserve(path: Path, size: int) -> None:
    """Make an empty file whose blocks are there; nobody sees it before."""
    unfinished = path.with_suffix(".new")
    with unfinished.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    unfinished.rename(path)


def collect() -> list[Metric]:
    """Return the numbers of all processes, the dead ones included; raises Busy."""
    _directory().mkdir(parents=True, exist_ok=True)
    with _alone(wait_seconds=1):
        _sweep()
        files = [str(path) for path in _directory().glob("*.db")]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files, accumulate=True)  # type: ignore[no-untyped-call]
        return list(merged)


def totals() -> dict[str, float]:
    """Return the sums of counters and gauges by name, labels put aside but for `outcome`; raises Busy."""
    found: defaultdict[str, float] = defaultdict(float)
    for metric in collect():
        for sample in metric.samples:
            if metric.type in ("counter", "gauge"):
                outcome = sample.labels.get("outcome")
                found[f"{metric.name}_{outcome}" if outcome else metric.name] += sample.value
    return dict(found)


def _sweep() -> None:
    """Add what dead processes have counted to the merged files and remove theirs. The caller is alone.

    A kill between the two would count them twice: once in the life of a deployment, and it does not matter.
    """
    dead = [name for name in _names() if not _lives(name)]
    for kind in SUMMED:
        if files := [path for name in dead if (path := _directory() / f"{kind}_{name}.db").exists()]:
            _absorb(kind, files)
    for name in dead:
        for kind in ROOM_BYTES:
            (_directory() / f"{kind}_{name}.db").unlink(missing_ok=True)
        _alive(name).unlink(missing_ok=True)
    for unfinished in _directory().glob("*.new"):
        # A process that begins has it for a moment only.
        with suppress(FileNotFoundError):
            if time.time() - unfinished.stat().st_mtime > 60:  # noqa: TID251  # the time of a file is real
                unfinished.unlink()


def _names() -> set[str]:
    """Return the names of all processes that have left files."""
    named = {path.stem.rpartition("_")[2] for path in _directory().glob("*.db")}
    return (named | {path.stem for path in _directory().glob("*.alive")}) - {"merged"}


def _absorb(kind: str, files: list[Path]) -> None:
    merged = _directory() / f"{kind}_merged.db"
    sums: defaultdict[str, float] = defaultdict(float)
    for path in [merged, *files] if merged.exists() else files:
        try:
            for key, value, *_rest in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
                sums[key] += value
        except UNREADABLE as error:
            logger.warning("the numbers in %s are lost: %s", path.name, error)
    unfinished = merged.with_suffix(".merging")
    unfinished.unlink(missing_ok=True)
    written = MmapedDict(str(unfinished))  # type: ignore[no-untyped-call]
    for key, value in sums.items():
        written.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    unfinished.rename(merged)


def _lives(name: str) -> bool:
    """Say whether the process of that name holds its lock."""
    if name == _Own.name and _Own.pid == os.getpid():
        # To open and close it here would give the lock up.
        return True
    try:
        with _alive(name).open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


@contextmanager
def _alone(*, wait_seconds: float) -> Iterator[None]:
    """Keep other processes and threads from tidying meanwhile; raises Busy."""
    deadline = time.monotonic() + wait_seconds
    with (_directory() / "tidying.lock").open("wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise Busy(Busy.__doc__) from None
                time.sleep(0.01)
        yield


def _directory() -> Path:
    return Path(settings.METRICS_DIR)


def _alive(name: str) -> Path:
    return _directory() / f"{name}.alive"
