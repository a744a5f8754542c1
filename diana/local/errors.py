"""The one error of the local services: its message names what failed and what cures it."""

from pathlib import Path


class LocalError(Exception):
    """Something on this machine keeps Diana from running; the message is meant for the person at the terminal."""


def tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log, indented, for an error message."""
    if not log.exists():
        return f"  ({log} does not exist)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        text = file.read().decode(errors="replace")
    return "\n".join([f"  the end of {log}:", *(f"  | {line}" for line in text.splitlines()[-lines:])])
