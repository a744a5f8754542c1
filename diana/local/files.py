"""Private files and folders: written whole or not at all, emptied; and locks between processes."""

import fcntl
import os
import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def make_private_directory(directory: Path) -> Path:
    """Create a directory that only its owner may enter; one that exists is left as it is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory


def empty_directory(directory: Path, *, keep: Container[str]) -> None:
    """Remove everything in a directory but the entries with these names; links are removed, not followed."""
    for entry in directory.iterdir():
        if entry.name in keep:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


@contextmanager
def private_log(path: Path) -> Iterator[TextIO]:
    """Open an empty file for writing that only its owner may read, also where others could before."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        path.chmod(0o600)
        yield file


def read_text(path: Path) -> str:
    """Return the content without its last newline, or nothing if there is no such file."""
    return path.read_text().strip() if path.exists() else ""


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends.

    With `wait=False` a lock that another process holds raises BlockingIOError.
    """
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
