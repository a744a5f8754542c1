"""Fresh clones of the current commit, and what a play left in or beside them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil  # type: ignore[import-untyped]

from diana.local import processes
from diana.local.instance import ROOT
from surroundings.errors import Different
from surroundings.surrounding import Place, Surrounding

END_SECONDS = 20
# pip asks a Rust compiler for its version, and rustup makes this folder to answer.
NOT_OURS = (".rustup",)


@contextmanager
def workplace(where: Path, *, keep: bool) -> Iterator[Path]:
    """Make a folder for clones that every account may pass; end what runs in it and remove it, unless it is kept."""
    folder = Path(mkdtemp(prefix="diana-surroundings-", dir=where))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        end_processes(folder)
        if not keep:
            shutil.rmtree(folder)


def current_commit() -> str:
    """Return the commit that is played, so that later ones do not mix with it."""
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make_place(workplace: Path, surrounding: Surrounding, commit: str) -> Place:
    """Clone the commit for a surrounding, or return the clone that it shares."""
    folder = workplace / (surrounding.name if surrounding.installs else "shared")
    place = Place(folder, folder / surrounding.clone)
    if not folder.exists():
        for made in (folder, place.home, place.temporary, place.extra, place.clone.parent):
            made.mkdir(parents=True, exist_ok=True)
        clone(place.clone, commit, umask=surrounding.umask)
        if surrounding.uid is not None:
            give(folder, surrounding.uid)
    return place


def clone(folder: Path, commit: str, *, umask: int) -> None:
    """Clone the commit; files of its own, since their owner may be changed."""
    cloning = ["git", "clone", "--quiet", "--no-hardlinks", "--no-checkout", "--", str(ROOT), str(folder)]
    subprocess.run(cloning, check=True, umask=umask)
    subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", "--detach", commit], check=True, umask=umask)


def remove_place(place: Place) -> None:
    """Remove a clone and everything beside it."""
    shutil.rmtree(place.folder)


def check_nothing_left(place: Place) -> None:
    """Raise Different if a process still works in the place, or a file lies where none should."""
    if left := running(place.folder):
        raise Different(f"processes are left: {', '.join(' '.join(p.info['cmdline'])[:100] for p in left)}")
    left_files = [path for folder in (place.home, place.temporary) for path in sorted(folder.iterdir())]
    if files := [str(path) for path in left_files if path.name not in NOT_OURS]:
        raise Different(f"files are left outside of the checkout: {', '.join(files)}")
    status = ["git", "-c", "safe.directory=*", "-C", str(place.clone), "status", "--porcelain"]
    if changed := subprocess.run(status, check=True, capture_output=True, text=True).stdout:
        raise Different(f"the checkout has changed:\n{changed}")


def running(folder: Path) -> list[psutil.Process]:
    """Return the living processes whose command or current directory names the folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with suppress(psutil.Error, OSError):
            named = [*(process.info["cmdline"] or ()), process.cwd()]
            if process.pid != os.getpid() and any(str(folder) in part for part in named):
                found.append(process)
    return [process for process in found if not processes.is_gone(process)]


def end_processes(folder: Path) -> None:
    """End the processes that work in the folder."""
    if left := running(folder):
        processes.end(left, seconds=END_SECONDS)


def give(folder: Path, uid: int) -> None:
    """Make an account the owner of a folder and all that is in it."""
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, uid, uid)
