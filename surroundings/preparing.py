"""What a surrounding needs before its play: taken ports, folders of other projects, a locale that is really there."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from diana.local.instance import DEFAULT_PORTS
from diana.local.ports import LOOPBACK
from surroundings.surrounding import Place

POSTGRES_PORT, VALKEY_PORT = 5432, 6379
MODULES = ("apps", "config", "demo", "diana", "manage", "celery", "django", "sitecustomize")
CONSTRAINT = "django==1.0\n"


@contextmanager
def take_ports(_place: Place) -> Iterator[None]:
    """Listen on every port that Diana or its servers prefer; one that is taken already is as good."""
    with ExitStack() as stack:
        for port in (*DEFAULT_PORTS.values(), POSTGRES_PORT, VALKEY_PORT):
            with suppress(OSError):
                stack.enter_context(socket.create_server((LOOPBACK, port)))
        yield


@contextmanager
def write_modules(place: Place) -> Iterator[None]:
    """Write modules with the names of Diana's that fail when they are imported."""
    for name in MODULES:
        (place.extra / f"{name}.py").write_text("raise SystemExit('a module of another project was imported')\n")
    yield


@contextmanager
def write_pip_settings(place: Place) -> Iterator[None]:
    """Write a constraint that no installation of Diana can meet."""
    (place.extra / "constraints.txt").write_text(CONSTRAINT)
    yield


@contextmanager
def make_environment(place: Place) -> Iterator[None]:
    """Make another project's virtual environment."""
    subprocess.run([sys._base_executable, "-m", "venv", str(place.extra / "venv")], check=True)  # type: ignore[attr-defined]
    yield


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """Take away the right to write into a folder."""
    folder.chmod(0o500)
    yield
    folder.chmod(0o700)


def lacks_locale(name: str, *, charmap: str) -> Callable[[], str]:
    """Return the check that a locale exists and becomes active, since Python falls back to C without a word."""

    def check() -> str:
        variables = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": name}
        said = subprocess.run(["locale", "charmap"], env=variables, capture_output=True, text=True, check=False)
        if said.stderr or said.stdout.strip() != charmap or (name.startswith("tr_") and not turkish(variables)):
            return f"the locale {name} is not active here: install the package `locales` and generate it"
        return ""

    return check


def turkish(variables: dict[str, str]) -> bool:
    """Say whether the C library of a process with these variables makes a dotted capital of i."""
    code = "import ctypes, locale; locale.setlocale(locale.LC_ALL, ''); print(ctypes.CDLL(None).towupper(ord('i')))"
    said = subprocess.run(
        [sys.executable, "-I", "-c", code], env=variables, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() == str(ord("İ"))


def lacks_root() -> str:
    """Return that only root can make this."""
    return "" if os.geteuid() == 0 else "only root can make it: run this as root"


def lacks_program(name: str) -> Callable[[], str]:
    """Return the check for a program."""
    return lambda: "" if shutil.which(name) else f"there is no {name} here"


def lacks_python(executable: str, version: str) -> Callable[[], str]:
    """Return the check for a Python of a version."""

    def check() -> str:
        if not executable:
            return f"Python {version} was not found: name it with --python PATH"
        code = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
        said = subprocess.run([executable, "-I", "-c", code], capture_output=True, text=True, check=False)
        return "" if said.stdout.strip() == version else f"{executable} is no complete Python {version}"

    return check
