"""The apps' tables of cases put together: CASES, TRIGGERS and fill() of every file cases_*.py and triggers_*.py here."""

from collections import Counter
from importlib import import_module
from pathlib import Path
from types import ModuleType

from tests.schema.cases import Case, Effect, Wall

FILES: list[ModuleType] = [
    import_module(f"tests.schema.{file.stem}")
    for pattern in ("cases_*.py", "triggers_*.py")
    for file in sorted(Path(__file__).parent.glob(pattern))
]


def _put_together(of: str) -> dict:
    parts = [getattr(file, of, {}) for file in FILES]
    twice = [name for name, times in Counter(name for part in parts for name in part).items() if times > 1]
    assert not twice, f"{twice} stand in two files of cases"
    return {name: case for part in parts for name, case in part.items()}


CASES: dict[str, Case] = _put_together("CASES")
TRIGGERS: dict[str, Wall | Effect] = _put_together("TRIGGERS")


def fill() -> None:
    """Make at least one row in every table of ours, by the acts that make it where there are some."""
    for file in FILES:
        if hasattr(file, "fill"):
            file.fill()
