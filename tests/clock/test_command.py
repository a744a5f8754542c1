"""manage.py clock: what it takes and what it says."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from diana import clock
from diana.clock import offset
from diana.clock.management.commands.clock import duration


def run(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("clock", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8d", timedelta(days=8)),
        ("1w2d3h4m5s", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("-90m", timedelta(minutes=-90)),
        ("+1h", timedelta(hours=1)),
    ],
)
def test_it_reads_durations(text: str, found: timedelta) -> None:
    assert duration(text) == found


@pytest.mark.parametrize("text", ["", "8", "d", "-", "1d 2h", "2h1d", "eight days", "99999999d"])
def test_it_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        duration(text)
    with pytest.raises(CommandError, match="invalid duration"):
        run(f"--by={text}")


def test_it_shows_moves_and_resets(state: Path) -> None:
    assert "UTC, not moved" in run()
    assert "8 days ahead" in run("--by", "8d")
    assert "8 days 12:00:00 ahead" in run("--by", "12h")
    assert "not moved" in run("--reset")
    assert "1 days behind" in run("--by=-1d")


def test_it_goes_to_a_moment_and_says_it_to_programs(state: Path) -> None:
    told = json.loads(run("--to", "2028-02-28T23:50Z", "--json"))
    now = datetime.fromisoformat("2028-02-28T23:50Z")
    assert now <= datetime.fromisoformat(told["now"]) < now + timedelta(seconds=20)
    assert told["database_offset_seconds"] == told["file_offset_seconds"] > 0


@pytest.mark.parametrize("arguments", [["--to", "2028-02-28T23:50"], ["--to", "soon"], ["--by", "1d", "--reset"]])
def test_it_refuses_what_is_no_moment_or_two_movements(state: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.parametrize("arguments", [["--by", "999999w"], ["--by=-200000d"], ["--to", "9999-12-31T00:00Z"]])
def test_it_refuses_what_lies_too_far_away(state: Path, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="2000 to 2199"):
        run(*arguments)
    assert "not moved" in run()


def test_it_says_that_the_file_belongs_to_another_database(state: Path) -> None:
    clock.write_offset(offset.offset_file(), timedelta(days=3))
    assert "3 days ahead. It belongs to another database" in run()
