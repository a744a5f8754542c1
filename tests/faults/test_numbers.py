"""Each fault that the bus promises to survive has a test that bears its number.

A test counts as the test of fault 8 when `f08` stands in its name, or `F08` in a text beside it.
"""

import re
from pathlib import Path

from tests.processes import ROOT

REQUIRED = {*range(1, 29), *range(31, 40), 41, 43, 44, 45, 48, 49, 50, 62, 63, *range(68, 72), 74}


def numbered(*folders: str) -> set[int]:
    """Return the numbers that stand in the tests and scripts of these folders."""
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]
    return {int(number) for path in files for number in re.findall(r"(?i)(?:\b|_)f(\d\d)(?=_|\b)", path.read_text())}


def test_no_number_is_missing() -> None:
    missing = sorted(REQUIRED - numbered("tests", "torture"))
    assert not missing, f"no test bears the number of {', '.join(f'F{number:02}' for number in missing)}"
