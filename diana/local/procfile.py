"""The Procfile: the one list of Diana's processes, for this machine as for any host."""

import re
from dataclasses import dataclass
from pathlib import Path

from diana.local.errors import LocalError

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


@dataclass(frozen=True)
class Procfile:
    """The release command, which runs once before the others, and the processes in their order."""

    release: str | None
    processes: dict[str, str]


def read_procfile(path: Path) -> Procfile:
    """Parse the file; each command is one simple command of the shell, so that it can be exec'd."""
    commands = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.rstrip())
        if match is None or match["name"] in commands:
            raise LocalError(f"{path}, line {number}: write `name: command`, each name once, instead of {line!r}.")
        commands[match["name"]] = match["command"]
    return Procfile(commands.pop("release", None), commands)
