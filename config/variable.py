"""A variable of the environment, and the processes that may need it."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.strength import Fault

# Those of the Procfile, and every other command of manage.py.
PROCESSES = ("release", "web", "door", "worker", "telegram", "relay", "beat", "flower", "poll", "command")
# They handle events, or take updates in.
DOMAIN = ("release", "web", "door", "worker", "telegram", "relay", "poll", "command")


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable. `needed` and `read` name processes, `development` is the value outside production.

    `bound` says in words for the documentation what `fault` refuses in production. `make` is a shell command that prints
    a value, `write` an instruction where none can. Processes that are not in `only`, where it has any, end in production
    if they are given the variable.
    """

    name: str
    meaning: str
    default: str
    needed: Sequence[str] = ()
    read: Sequence[str] = ()
    development: str = ""
    bound: str = ""
    fault: Fault | None = None
    make: str = ""
    write: str = ""
    only: Sequence[str] = ()

    def use(self, process: str) -> str:
        """Return "needs", "reads" or "" for one of PROCESSES."""
        return "needs" if process in self.needed else "reads" if process in self.read else ""

    @property
    def cure(self) -> str:
        """The sentence that says how to get a good value."""
        return f"Make one: `{self.make}`." if self.make else f"{self.write}."
