"""The interpreters of this machine: in PATH, and where pyenv keeps them."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")


def find_pythons(named: Sequence[str]) -> dict[str, str]:
    """Return an interpreter for each version, the named ones first; an empty text where none was found."""
    found = dict.fromkeys(VERSIONS, "")
    for executable in [*named, *(path for version in VERSIONS for path in candidates(version))]:
        version = version_of(executable)
        if version and not found.get(version):
            found[version] = executable
    return found


def candidates(version: str) -> Iterator[str]:
    """Yield where an interpreter of a version may be, in PATH first."""
    if path := shutil.which(f"python{version}"):
        yield path
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # It may be another account's.
    with suppress(PermissionError):
        yield from map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))


def version_of(executable: str) -> str:
    """Return the version of an interpreter, if it starts: a shim of pyenv without a version does not."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return said.stdout.strip()
