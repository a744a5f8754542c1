"""`make lint` finds who asks for the time past diana.clock, in Python and in SQL, in the product and in tests."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

spec = importlib.util.spec_from_file_location("sql_clock", ROOT / ".ci" / "sql_clock.py")
assert spec is not None
assert spec.loader is not None
sql_clock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sql_clock)


@pytest.mark.parametrize("file", ["tests/users/test_planted.py", "apps/users/planted.py", "diana/events/planted.py"])
@pytest.mark.parametrize(
    ("needs", "asks"),
    [
        ("from datetime import date", "date.today()"),
        ("import datetime", "datetime.date.today()"),
        ("from datetime import UTC, datetime", "datetime.now(UTC)"),
        ("from datetime import datetime", "datetime.utcnow()"),
        ("from django.utils import timezone", "timezone.now()"),
        ("from django.utils.timezone import now", "now()"),
        ("from django.db.models import functions", "functions.Now()"),
        ("from django.db.models.functions import Now", "Now()"),
        ("import time", "time.time()"),
    ],
)
def test_ruff_finds_who_asks_in_python(file: str, needs: str, asks: str) -> None:
    ruff = [str(Path(sys.executable).with_name("ruff")), "check", "--stdin-filename", file, "--select", "TID251", "-"]
    found = subprocess.run(
        ruff, input=f"{needs}\n\nx = {asks}\n", capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert found.returncode == 1
    assert "diana/clock" in found.stdout


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.py", 'Q = "SELECT now()"', [1]),
        ("a.py", 'def f():\n    "It is now()."\n    return f"SELECT {x} - clock_timestamp()"', [3]),
        ("a.py", 'x = clock.now()\ny = "SELECT diana_now()"', []),
        ("a.sql", "-- as of now()\nSELECT CURRENT_TIMESTAMP, diana_now();\nSELECT statement_timestamp()", [2, 3]),
        ("a.sql", "SELECT 'currently now (or never)'", []),
    ],
)
def test_the_script_finds_who_asks_in_sql(tmp_path: Path, name: str, text: str, lines: list[int]) -> None:
    (tmp_path / name).write_text(text)
    assert list(sql_clock.asking_lines(tmp_path / name)) == lines


def test_the_list_is_of_what_is_there() -> None:
    assert sql_clock.main() == 0
