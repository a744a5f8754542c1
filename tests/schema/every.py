"""The apps' tables of cases put together. A new app, or a new file of cases, gets a line here."""

from collections import Counter

from tests.schema import cases_backbone, cases_bot, cases_gamification, cases_users, triggers_gamification
from tests.schema.cases import Case, Effect, Wall

FILES = [cases_users, cases_gamification, triggers_gamification, cases_bot, cases_backbone]


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
