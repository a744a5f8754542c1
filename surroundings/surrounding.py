"""What a surrounding is: how the shell, the account, the folder or the machine differs from the usual."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """The folders of one clone: `home` and `temporary` are empty before and after each play."""

    folder: Path
    clone: Path

    @property
    def home(self) -> Path:
        """The home directory."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        """The directory for temporary files."""
        return self.folder / "tmp"

    @property
    def extra(self) -> Path:
        """Files that a surrounding needs: another project, another environment."""
        return self.folder / "extra"


def nothing_lacks() -> str:
    """Return that nothing lacks."""
    return ""


def unprepared(_place: Place) -> AbstractContextManager[object]:
    """Prepare nothing."""
    return nullcontext()


@dataclass(frozen=True)
class Surrounding:
    """One surrounding.

    `variables` are set, or unset where they are None. They and `prefix`, which goes before the command, may name
    `{home}`, `{temporary}` and `{extra}` of the place. With `installs` it has a clone and an installation of its
    own, named `clone`; without, it shares one. `lacks` says why it cannot be made here, if so. `prepare` makes and
    holds what it needs. `refused` is a pattern of the sentence with which Diana must say that it cannot work there.
    """

    name: str
    about: str
    variables: Mapping[str, str | None] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    installs: bool = False
    clone: str = "diana"
    target: str = "demo"
    python: str = ""
    uid: int | None = None
    umask: int = 0o022
    lacks: Callable[[], str] = nothing_lacks
    prepare: Callable[[Place], AbstractContextManager[object]] = unprepared
    refused: str = ""
