"""manage.py make_secrets: a whole environment for production, but for what only its operator knows."""

import re
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.demands import problems
from config.variables import PROCESSES, VARIABLES
from tests.config.strong import BY_HAND, OWNER
from tests.servers import ROOT


def made() -> str:
    out = StringIO()
    call_command("make_secrets", stdout=out)
    return out.getvalue()


def variables(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_filled_in_by_hand_it_is_enough_for_every_process() -> None:
    filled = {name: value or BY_HAND.get(name, "") for name, value in variables(made()).items()}
    filled |= {"DIANA_PROCESS": "web"}
    assert [line for process in PROCESSES if process != "release" for line in problems(filled, process)] == []
    # The address of the owner is in the environment of the release alone.
    assert problems(filled | OWNER, "release") == []


def test_it_names_all_that_somebody_needs_and_all_that_can_be_made() -> None:
    assert {v.name for v in VARIABLES if v.needed or v.make} - {"DIANA_PROCESS"} <= set(variables(made()))


def test_it_says_of_each_what_it_is_for() -> None:
    lines = made().splitlines()
    assert all(lines[place - 1].startswith("# ") for place, line in enumerate(lines) if re.match(r"[A-Z_]+=", line))


def test_no_two_are_alike() -> None:
    one, another = variables(made()), variables(made())
    assert {name for name in one if one[name] and one[name] == another[name]} == {"DIANA_ENV"}


def test_docker_compose_finds_all_that_it_demands_and_shells_read_it_as_it_is(tmp_path: Path) -> None:
    text = made()
    compose = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?\}", compose)) <= set(variables(text))
    assert all(re.fullmatch(r"[A-Za-z0-9:+/=_-]*", value) for value in variables(text).values())


def test_a_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    file, link = tmp_path / "env", tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    call_command("make_secrets", out=str(file), stdout=StringIO())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    for there in (file, link):
        with pytest.raises(CommandError, match="is there already"):
            call_command("make_secrets", out=str(there), stdout=StringIO())
    assert file.read_text() == before
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(CommandError, match="No such file"):
        call_command("make_secrets", out=str(tmp_path / "none" / "env"), stdout=StringIO())


def test_it_needs_no_environment_and_minds_no_wrong_one() -> None:
    given = {"DIANA_ENV": "prod", "DJANGO_SETTINGS_MODULE": "nowhere", "EVENTS_LANES": "x", "DATABASE_URL": "x"}
    command = [sys.executable, "manage.py", "make_secrets"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert variables(done.stdout)["DIANA_ENV"] == "production"
