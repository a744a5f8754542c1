"""One play: `make demo` or `make run` of a clone in its surrounding, held against what must come of it."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from diana.local.instance import ROOT
from surroundings.clones import check_nothing_left
from surroundings.errors import Different
from surroundings.surrounding import Place, Surrounding

PLAY_SECONDS = 600
START_SECONDS = 600
STOP_SECONDS = 60
TAIL_LINES = 30
RIGHT = {"lost": 0, "doubled": 0, "ledger_ok": True}
# What the `make` around this has set.
OF_MAKE = re.compile(r"MAKE.*|MFLAGS|GNUMAKEFLAGS|VIRTUAL_ENV|PYTHON.*|T|ARGS|PART|SEED|MINUTES")
ADDRESS = re.compile(r"^  (Admin|Sandbox) +(http://\S+)", re.MULTILINE)


def play(surrounding: Surrounding, place: Place, cache: Path) -> None:
    """Play once; raises Different with the end of what was printed."""
    if not surrounding.installs:
        install(place, cache)
    with surrounding.prepare(place), started(surrounding, place, cache) as process:
        if surrounding.target == "run":
            visit_and_stop(process, place)
        else:
            judge(surrounding, process, place)
    check_nothing_left(place)


def install(place: Place, cache: Path) -> None:
    """Install into a shared clone as usual, unless that was done; raises Different."""
    with started(Surrounding("installing", "", target="installed"), place, cache) as process:
        if process.wait(PLAY_SECONDS):
            raise Different(f"it cannot be installed\n{printed(place)}")


@contextmanager
def started(surrounding: Surrounding, place: Place, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """Start `make` of the clone in its surrounding; both outputs go to files beside the clone."""
    names = {"home": str(place.home), "temporary": str(place.temporary), "extra": str(place.extra)}
    prefix = [part.format(**names) for part in surrounding.prefix]
    with (place.folder / "out").open("w") as out, (place.folder / "err").open("w") as err:
        process = subprocess.Popen(
            [*account(surrounding.uid), *prefix, "make", surrounding.target, *python(surrounding)],
            cwd=place.clone,
            env=environment(surrounding, names, cache),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            umask=surrounding.umask,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)


def account(uid: int | None) -> list[str]:
    """Return the prefix that makes a command another account's."""
    return [] if uid is None else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]


def python(surrounding: Surrounding) -> list[str]:
    """Return how `make` is told of the Python."""
    return [f"PYTHON={surrounding.python}"] if surrounding.python else []


def environment(surrounding: Surrounding, names: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Return the variables of the play: the caller's, without what `make` has added, and those of the surrounding."""
    found = {name: value for name, value in os.environ.items() if not OF_MAKE.fullmatch(name)}
    own = str(ROOT / ".venv" / "bin")
    found["PATH"] = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != own)
    found |= {"HOME": names["home"], "TMPDIR": names["temporary"], "PIP_CACHE_DIR": str(cache)}
    chosen = found | {name: value and value.format(**names) for name, value in surrounding.variables.items()}
    return {name: value for name, value in chosen.items() if value is not None}


def judge(surrounding: Surrounding, process: subprocess.Popen[str], place: Place) -> None:
    """Raise Different if the demo ends otherwise than it should."""
    try:
        status = process.wait(PLAY_SECONDS)
    except subprocess.TimeoutExpired:
        raise Different(f"it has not ended after {PLAY_SECONDS} s\n{printed(place)}") from None
    errors = (place.folder / "err").read_text(errors="replace")
    if surrounding.refused:
        if status == 0 or not re.search(surrounding.refused, errors) or "Traceback" in errors:
            raise Different(f"it does not say that it cannot work\n{printed(place)}")
    elif status or errors:
        raise Different(f"status {status}\n{printed(place)}")
    elif not summary(place).items() >= RIGHT.items():
        raise Different(f"the effects differ\n{printed(place)}")


def summary(place: Place) -> dict[str, object]:
    """Return the last line that was printed."""
    lines = (place.folder / "out").read_text(errors="replace").splitlines()
    try:
        outcome: dict[str, object] = json.loads(lines[-1])
    except (IndexError, ValueError):
        raise Different(f"the last line is no outcome\n{printed(place)}") from None
    return outcome


def visit_and_stop(process: subprocess.Popen[str], place: Place) -> None:
    """Wait for the printed addresses, open the pages behind them, stop everything with SIGTERM."""
    addresses = wait_for_addresses(process, place)
    for name, url in {"Admin": addresses["Admin"] + "login/", "Sandbox": addresses["Sandbox"]}.items():
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
            if answer.status != 200 or b"<html" not in answer.read():
                raise Different(f"{name} at {url} is no page\n{printed(place)}")
    process.send_signal(signal.SIGTERM)
    process.wait(STOP_SECONDS)


def wait_for_addresses(process: subprocess.Popen[str], place: Place) -> dict[str, str]:
    """Return the addresses of the pages as soon as they are printed."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        found = dict(ADDRESS.findall((place.folder / "out").read_text(errors="replace")))
        if len(found) == 2:
            return found
        time.sleep(0.2)
    raise Different(f"it has printed no addresses\n{printed(place)}")


def printed(place: Place) -> str:
    """Return the end of both outputs."""
    lines = [line for name in ("out", "err") for line in (place.folder / name).read_text(errors="replace").splitlines()]
    return "\n".join(f"  | {line}" for line in lines[-TAIL_LINES:])
