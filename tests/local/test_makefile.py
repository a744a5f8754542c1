"""The Makefile: which variables of the shell its commands get."""

import os
import subprocess
from pathlib import Path

import pytest

from diana.local.instance import ROOT

SHELL = {
    "PYTHONPATH": "/other",
    "PYTHONWARNINGS": "error",
    "PYTHONUTF8": "0",
    "PYTHONUNBUFFERED": "1",
    "PGSSLMODE": "verify-full",
}


@pytest.mark.parametrize(
    ("command", "given", "kept"),
    [
        ("run", {}, {"PYTHONUNBUFFERED"}),
        ("run", {"DATABASE_URL": "postgresql://app@db/diana"}, {"PYTHONUNBUFFERED", "PGSSLMODE"}),
        ("demo", {"DATABASE_URL": "postgresql://app@db/diana"}, {"PYTHONUNBUFFERED"}),
    ],
)
def test_its_commands_get_no_settings_of_other_programs(
    tmp_path: Path, command: str, given: dict[str, str], kept: set[str]
) -> None:
    (tmp_path / "Makefile").write_text(f"include {ROOT}/Makefile\ninstalled:\n\t@true\n{command}:\n\t@env\n")
    variables = {"PATH": os.environ["PATH"], **SHELL, **given}

    said = subprocess.run(
        ["make", "--silent", command], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )

    found = dict(line.split("=", 1) for line in said.stdout.splitlines())
    assert found["PYTHONUTF8"] == "1"
    assert found.keys() & SHELL.keys() - {"PYTHONUTF8"} == kept


def test_it_says_which_python_to_name_where_there_is_none_of_that_name():
    done = subprocess.run(
        ["make", "installed", "PYTHON=python3.99"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "There is no python3.99 here: name a Python from 3.11 on" in done.stderr
