"""Make the virtual environment of this checkout: run by any Python 3 before anything is installed, hence plain."""

from __future__ import annotations

import ast
import fcntl
import glob
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

OLDEST = (3, 11)
FORBIDDEN = re.compile(r'[:"$`\n]')
NAMES = {":": "a colon", "\n": "a line break"}
STAMP = ".installed-"
LOG_LINES = 15
# Where packages come from is the user's business; what is installed is said by the lock file alone. Hence no
# constraints, find-links, no-binary, target and so on.
SOURCES = {
    "index-url", "extra-index-url", "trusted-host", "cert", "client-cert", "proxy", "timeout", "default-timeout",
    "retries", "cache-dir", "no-cache-dir", "keyring-provider",
}  # fmt: skip
# Later sections win over earlier ones, as in pip.
SECTIONS = ("global", "install", ":env:")
CURES = (
    (r"No space left", "Free some disk space, then try again."),
    (r"DO NOT MATCH THE HASHES", "The index serves another file than the lock names: set PIP_INDEX_URL to one you trust."),
    (r"SSLError|CERTIFICATE_VERIFY", "Name the certificate of your proxy or index: PIP_CERT=/path/to/ca.pem."),
    (r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Connection broken|ConnectionError|ConnectionReset",
     "The package index does not answer: look at the network, PIP_INDEX_URL and PIP_PROXY, then try again."),
    (r"No matching distribution|Could not find a version", "The index, or this machine's kind, lacks a package: see above."),
)  # fmt: skip


class InstallError(Exception):
    """The environment could not be made; the message says why and what to do."""


def main(arguments: list[str]) -> str | int:
    """Install lock files with their hashes into `.venv`; one that is as it should be is left alone.

    Arguments: the folder of the environment, then the lock files. Returns an error message, or 0. An interrupted
    installation is begun anew by the next call.
    """
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        return f"Diana needs Python 3.11 or later, and this is {found} ({sys.executable}): `make PYTHON=python3.12 …`"
    environment, locks = arguments[0], arguments[1:]
    try:
        check_folder(os.path.abspath(environment))
        os.makedirs(environment, exist_ok=True)
        with locked(os.path.join(environment, ".lock")):
            if not is_current(environment, locks):
                install(environment, locks)
    except (InstallError, OSError) as error:
        return f"{error}"
    except KeyboardInterrupt:
        print("\nStopped; the next try begins anew.", file=sys.stderr)
        return 130
    return 0


def check_folder(environment: str) -> None:
    """Raise InstallError if the folder's name cannot stand in PATH, or in the scripts that an environment has."""
    if found := FORBIDDEN.search(environment):
        name = NAMES.get(found[0], found[0])
        raise InstallError(f"Programs cannot be found or started below a folder with {name} in its name; rename it.")


def is_current(environment: str, locks: list[str]) -> bool:
    """Return whether exactly these lock files are installed completely, in this very folder."""
    wanted = [interpreter(environment), *(stamp(environment, path) for path in locks)]
    return all(map(os.path.exists, wanted)) and not os.path.exists(unfinished(environment))


def install(environment: str, locks: list[str]) -> None:
    """Install the lock files; raises InstallError."""
    started = time.monotonic()
    names = " and ".join(map(os.path.basename, locks))
    packages = sum(count_packages(path) for path in locks)
    print(f"Installing {packages} packages of {names} into {environment} …", flush=True)
    # An installation that was interrupted may hold half a package, which pip would take for a whole one.
    if os.path.exists(unfinished(environment)) or not is_usable(environment):
        create(environment)
    open(unfinished(environment), "w").close()
    for old in glob.glob(os.path.join(glob.escape(environment), STAMP + "*")):
        os.remove(old)
    # Python compiles what it imports; compiling everything here would take half of the time. The lock is complete, so
    # nothing else is looked for: a release of tomorrow changes nothing.
    run(
        environment,
        [*pip(environment), "install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
        + ["--no-input", "--progress-bar", "off"]
        + [part for path in locks for part in ("-r", path)],
        cannot=f"pip could not install {names}",
    )
    checker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "completeness.py")
    run(environment, [interpreter(environment), "-I", checker, *locks], cannot=f"{names}: the installed set is wrong")
    for path in locks:
        open(stamp(environment, path), "w").close()
    os.remove(unfinished(environment))
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def is_usable(environment: str) -> bool:
    """Return whether the environment has a Python that starts and was made in this folder."""
    activate = os.path.join(environment, "bin", "activate")
    if not os.path.exists(interpreter(environment)) or not os.path.exists(activate):
        return False
    with open(activate, "rb") as file:
        return os.fsencode(os.path.abspath(environment)) in file.read()


def create(environment: str) -> None:
    """Empty the folder and make a new environment in it."""
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallError("This Python cannot make virtual environments: `apt install python3-venv`, then try again.")
    # The Python that runs this may be the environment's own, which is about to be removed.
    python = getattr(sys, "_base_executable", None) or sys.executable
    empty(environment)
    open(unfinished(environment), "w").close()
    run(environment, [python, "-I", "-m", "venv", environment], cannot="Python could not make an environment")


def run(environment: str, command: list[str], *, cannot: str) -> None:
    """Run a command with its output in the log; raises InstallError with the log's tail and a cure."""
    log = os.path.join(environment, ".install.log")
    with open(log, "ab") as file:
        file.truncate(0)
        variables = settings(environment) if "install" in command else plain()
        with temporary(environment) as folder:
            variables["TMPDIR"] = folder
            # The command keeps the lock if this process is killed: the next one waits for its end.
            ended = subprocess.run(
                command, stdout=file, stderr=subprocess.STDOUT, env=variables, close_fds=False, check=False
            )
    if ended.returncode:
        with open(log, encoding="utf-8", errors="replace") as file:
            told = [line.rstrip() for line in file if line.strip() and not line.startswith("WARNING: Location")]
        cure = next((cure for sign, cure in CURES if re.search(sign, "\n".join(told))), "The next try begins anew.")
        tail = "\n".join(f"  | {line[:300]}" for line in told[-LOG_LINES:])
        raise InstallError(f"{cannot}:\n{tail}\n{cure} The whole log: {log}")


@contextmanager
def temporary(environment: str) -> Iterator[str]:
    """Make a folder for temporary files: packages are unpacked there, and the machine's may be small or full."""
    folder = os.path.abspath(os.path.join(environment, ".temporary"))
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plain() -> dict[str, str]:
    """Return the environment's variables without what steers pip."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}


def settings(environment: str) -> dict[str, str]:
    """Return variables that leave pip the user's settings of where packages come from, and no other setting."""
    listed = subprocess.run([*pip(environment), "config", "list"], capture_output=True, text=True, check=False)
    if listed.returncode:
        raise InstallError(f"pip cannot read its settings; mend or remove the file it names:\n{listed.stderr.strip()}")
    found: dict[str, tuple[int, str]] = {}
    for section, name, value in re.findall(r"^([\w:-]+)\.([\w-]+)=('.*'|\".*\")$", listed.stdout, re.MULTILINE):
        if name in SOURCES and section in SECTIONS:
            found[name] = max(found.get(name, (-1, "")), (SECTIONS.index(section), str(ast.literal_eval(value))))
    chosen = {f"PIP_{name.upper().replace('-', '_')}": value for name, (_, value) in found.items()}
    return {**plain(), **chosen, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def pip(environment: str) -> list[str]:
    """Return how the environment's pip is called: without the user's PYTHONPATH and site."""
    return [interpreter(environment), "-I", "-m", "pip"]


def count_packages(path: str) -> int:
    """Return how many packages a lock file names."""
    with open(path, encoding="utf-8") as file:
        return len(re.findall(r"^[A-Za-z0-9]", file.read(), re.MULTILINE))


def interpreter(environment: str) -> str:
    """Return the Python of the environment."""
    return os.path.join(environment, "bin", "python")


def stamp(environment: str, path: str) -> str:
    """Return the file that says that the lock file, as it is now, is installed in this folder."""
    with open(path, "rb") as file:
        digest = hashlib.sha256(os.fsencode(os.path.abspath(environment)) + b"\0" + file.read()).hexdigest()
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
    """Wait for a second `make` in the same checkout, and for what a killed one has started."""
    with open(path, "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another installation in this folder …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        os.set_inheritable(file.fileno(), True)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
