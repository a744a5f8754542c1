"""The table of variables: complete, and told in docs/environment.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import documentation
from config.variable import PROCESSES
from config.variables import BY_NAME, VARIABLES
from diana.local.instance import ROOT
from diana.local.procfile import read_procfile

# They steer Python, Django, Celery or a library of ours, not a deployment.
OF_PROGRAMS = {"DJANGO_SETTINGS_MODULE", "CELERY_SKIP_CHECKS", "PROMETHEUS_MULTIPROC_DIR", "PTB_TIMEDELTA"}
# The tools of a developer's machine: `make` and its servers never run in production.
TOOLS = {"local"}
READERS = re.compile(r"(env\.\w+|value|os\.getenv|getenv|(\w*\.)?environ(ment)?\.(get|setdefault|pop))$")
# Reads by names that the table gives or a constant, and what a local instance sets.
KNOWN_READS = {
    "env.str(name, '')",
    "environment.get(variable.name, '')",
    "os.environ.get(TOKEN_VARIABLE)",
    "os.environ.setdefault(name, value)",
    "environment.get(user.variable, '')",
    "value(REDIS_VARIABLE)",
}


def reads(source: str) -> Iterator[str]:
    """Yield the names of the variables of the environment that a module reads; "?" for one that cannot be told."""
    for node in ast.walk(ast.parse(source)):
        name: ast.expr | None = None
        if isinstance(node, ast.Call) and READERS.match(ast.unparse(node.func)) and node.args:
            name = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            name = node.slice
        elif isinstance(node, ast.Compare) and any(ast.unparse(c).endswith("environ") for c in node.comparators):
            name = node.left
        if isinstance(name, ast.Constant):
            yield str(name.value)
        elif name is not None and ast.unparse(node) not in KNOWN_READS:
            yield "?"


def modules() -> list[Path]:
    found = [ROOT / "manage.py", *(p for part in ("config", "apps", "diana") for p in (ROOT / part).rglob("*.py"))]
    return [path for path in found if not TOOLS & set(path.parts) and "migrations" not in path.parts]


def test_it_has_every_variable_that_the_settings_and_the_program_read() -> None:
    unknown = {
        (str(path.relative_to(ROOT)), name)
        for path in modules()
        if "env" in (text := path.read_text())
        for name in reads(text)
        if name not in BY_NAME and name not in OF_PROGRAMS
    }
    assert unknown == set()


@pytest.mark.parametrize(
    "line",
    [
        'env.str("ANOTHER")',
        'X = env.int("ANOTHER", 3)',
        'value("ANOTHER")',
        'os.environ["ANOTHER"]',
        'os.environ.get("ANOTHER")',
        'environ.get("ANOTHER", "")',
        'os.getenv("ANOTHER")',
        '"ANOTHER" in os.environ',
        'environment.get("ANOTHER")',
    ],
)
def test_a_variable_that_is_read_anew_would_be_found(line: str) -> None:
    assert list(reads(f"def f():\n    {line}\n")) == ["ANOTHER"]


def test_it_has_every_variable_of_the_procfile_and_of_the_page_of_the_sandbox() -> None:
    procfile = (ROOT / "Procfile").read_text()
    assert set(re.findall(r"\$\{?([A-Z][A-Z_]+)", procfile)) <= set(BY_NAME)
    compose = (ROOT / "docker-compose.yml").read_text().partition("\nservices:")[0]
    assert set(re.findall(r"^    ([A-Z][A-Z_]+): ", compose, re.MULTILINE)) <= set(BY_NAME)


def test_it_has_every_process_of_the_procfile() -> None:
    assert set(PROCESSES) == {"release", "command", *read_procfile(ROOT / "Procfile").processes}


def test_it_has_each_variable_once_with_known_processes() -> None:
    assert len(BY_NAME) == len(VARIABLES)
    for variable in VARIABLES:
        assert {*variable.needed, *variable.read} <= set(PROCESSES)
        assert not set(variable.needed) & set(variable.read)
        assert not variable.needed or variable.make or variable.write
        assert not variable.fault or variable.make or variable.write


def test_the_page_is_up_to_date() -> None:
    stale = "docs/environment.md is stale: run `python manage.py environment > docs/environment.md` and commit it."
    assert (ROOT / "docs" / "environment.md").read_text() == documentation.markdown(), stale
