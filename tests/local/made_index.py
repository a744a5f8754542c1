"""A package index on this machine with five small packages that are made here: their wheels, and an environment's pip."""

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Self

from diana.local import install

# `roof` asks for an extra of `wall`, which brings `brick`; `brick` stands on a chain of two.
PACKAGES = {
    "roof": ["wall[solid]>=1"],
    "wall": ["brick>=1; extra == 'solid'"],
    "brick": ["clay>=1"],
    "clay": ["earth>=1"],
    "earth": [],
}
LOCKED, NEWER = "1.0", "2.0"
# What Python 3.11.0 brought, and the newest when this was written. Both run on every Python that Diana supports.
PIPS = {
    "22.3": "1daab4b8d3b97d1d763caeb01a4640a2250a0ea899e257b1e44b9eded91e15ab",
    "26.3": "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13",
}
KEPT = Path(__file__).resolve().parent.parent.parent / ".diana" / "pips"


class Quiet(SimpleHTTPRequestHandler):
    """Serve files and log nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class MadeIndex:
    """The index, served over HTTP from a folder as long as the context lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.digests: dict[tuple[str, str], str] = {}

    def __enter__(self) -> Self:
        for name in PACKAGES:
            for version in (LOCKED, NEWER):
                wheel = make_wheel(self.folder / "simple" / name, name, version)
                self.digests[name, version] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(self.folder)))
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where the packages are listed."""
        return f"http://127.0.0.1:{self._server.server_port}/simple/"

    def lock(self, names: Sequence[str] = tuple(PACKAGES)) -> str:
        """Return a lock file of these packages; as older locks do, it does not name the extra."""
        return "".join(f"{name}=={LOCKED} --hash=sha256:{self.digests[name, LOCKED]}\n" for name in names)


def make_wheel(folder: Path, name: str, version: str) -> Path:
    """Write a wheel of an empty module and return it."""
    info = f"{name}-{version}.dist-info"
    needs = [f"Requires-Dist: {need}" for need in PACKAGES[name]]
    extras = ["Provides-Extra: solid"] if name == "wall" else []
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": "\n".join(
            ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *needs, *extras, ""]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def make_environment(environment: Path, pip_version: str) -> None:
    """Make a virtual environment with this version of pip, as another Python would bring it."""
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    shutil.copytree(unpacked_pip(pip_version), packages, dirs_exist_ok=True)


def unpacked_pip(version: str) -> Path:
    """Return a folder with pip, of which is compiled what an installation imports: in each environment it takes a second."""
    folder = KEPT / f"pip-{version}-{sys.implementation.cache_tag}"
    if not folder.exists():
        with TemporaryDirectory(dir=pip_wheel(version).parent) as made:
            fresh, nothing = Path(made, folder.name), Path(made, "nothing.txt")
            nothing.touch()
            with zipfile.ZipFile(pip_wheel(version)) as archive:
                archive.extractall(fresh)
            for command in (["config", "list"], ["install", "--no-deps", "--require-hashes", "-r", nothing]):
                subprocess.run([sys.executable, "-I", fresh / "pip", *command], capture_output=True, check=True)
            with suppress(OSError):  # another process was first
                fresh.rename(folder)
    return folder


def pip_wheel(version: str) -> Path:
    """Return pip's wheel, which is fetched once from the user's package index."""
    wheel = KEPT / f"pip-{version}-py3-none-any.whl"
    if not wheel.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        wanted = KEPT / f"pip-{version}.txt"
        wanted.write_text(f"pip=={version} --hash=sha256:{PIPS[version]}\n")
        command = ["download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(KEPT), "-r", str(wanted)]
        environment = sys.prefix
        subprocess.run([*install.pip(environment), *command], env=install.settings(environment), check=True)
    return wheel
