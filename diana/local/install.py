"""Make the virtual environment of this checkout: run by any Python 3 before anything is installed, hence plain."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OLDEST = (3, 11)
STAMP = ".installed-"


def main(arguments: list[str]) -> str:
    """Install requirement files with their hashes into `.venv`; one that is as it should be is left alone.

    Arguments: the folder of the environment, then the requirement files. Returns what went wrong, or nothing.
    """
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        return f"Diana needs Python 3.11 or later, and this is {found} ({sys.executable}): `make PYTHON=python3.12 …`"
    environment, requirements = arguments[0], arguments[1:]
    os.makedirs(environment, exist_ok=True)
    with locked(os.path.join(environment, ".lock")):
        return "" if is_current(environment, requirements) else install(environment, requirements)


def is_current(environment: str, requirements: list[str]) -> bool:
    """Say whether exactly these files were installed, whole."""
    wanted = [interpreter(environment), *(stamp(environment, path) for path in requirements)]
    return all(map(os.path.exists, wanted)) and not os.path.exists(unfinished(environment))


def install(environment: str, requirements: list[str]) -> str:
    """Install what is missing; return what went wrong, or nothing."""
    if importlib.util.find_spec("ensurepip") is None:
        return "This Python cannot make virtual environments: `apt install python3-venv`, then try again."
    print(f"Installing {' and '.join(requirements)} into {environment} …", flush=True)
    # An installation that was interrupted may hold half a package, which pip would take for a whole one.
    if os.path.exists(unfinished(environment)) or not os.path.exists(interpreter(environment)):
        empty(environment)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    open(unfinished(environment), "w").close()
    for old in glob.glob(os.path.join(glob.escape(environment), STAMP + "*")):
        os.remove(old)
    for path in requirements:
        if pip_install(environment, path):
            return f"pip could not install {path}: see above; the next try begins anew."
    for path in requirements:
        open(stamp(environment, path), "w").close()
    os.remove(unfinished(environment))
    return ""


def pip_install(environment: str, path: str) -> int:
    """Install one requirement file and return pip's status."""
    # Python compiles what it imports; compiling everything here would take half of the time.
    options = ["--require-hashes", "--only-binary", ":all:", "--no-compile", "--no-input", "--quiet"]
    pip = [interpreter(environment), "-m", "pip", "--disable-pip-version-check"]
    return subprocess.run([*pip, "install", *options, "-r", path], check=False).returncode


def interpreter(environment: str) -> str:
    """Return the Python of the environment."""
    return os.path.join(environment, "bin", "python")


def stamp(environment: str, path: str) -> str:
    """Return the file that says that the requirement file, as it is now, is installed."""
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return os.path.join(environment, STAMP + digest[:24])


def unfinished(environment: str) -> str:
    """Return the file that exists while something is being installed."""
    return os.path.join(environment, ".unfinished")


def empty(folder: str) -> None:
    """Empty the folder but for its lock, which this process holds."""
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        elif entry.name != ".lock":
            os.remove(entry.path)


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Wait for a second `make` in the same checkout."""
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
