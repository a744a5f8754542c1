"""docs/rights.md: each page, act and command with who may; complete, and up to date."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from apps.staff import rights_page
from apps.staff.matrix import ACTS, COMMANDS, LEVELS, LIST_ACTIONS, VIEW, WRITE
from diana.local.instance import ROOT

OURS = {name: app for name, app in get_commands().items() if app.split(".")[0] in ("apps", "config", "diana")}


def test_the_page_is_up_to_date() -> None:
    stale = "docs/rights.md is stale: run `python manage.py rights > docs/rights.md` and commit it."
    assert (ROOT / "docs" / "rights.md").read_text() == rights_page.markdown(), stale


def test_every_command_stands_in_the_table() -> None:
    assert set(COMMANDS) == set(OURS), "Name it in COMMANDS of apps/staff/matrix.py."


def test_every_level_is_one() -> None:
    named = {*VIEW.values(), *ACTS.values()}
    for table in (*WRITE.values(), *LIST_ACTIONS.values()):
        named |= set(table.values())
    assert named <= set(LEVELS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_is_what_the_table_says(name: str) -> None:
    """What is given a reason changes something; whoever speaks as the owner says so; processes stand in the Procfile."""
    command, right = load_command_class(OURS[name], name), COMMANDS[name]
    options = {action.dest for action in command.create_parser("manage.py", name)._actions}
    if "reason" in options:
        assert right.does == "changes"
    source = (Path(*OURS[name].split(".")) / "management" / "commands" / f"{name}.py").read_text()
    if '"owner"' in source:
        assert right.role in ("owner", "both")
    in_procfile = re.search(
        rf"^\w+: env DIANA_PROCESS=\w+ python manage\.py {name}\b", (ROOT / "Procfile").read_text(), re.M
    )
    assert bool(in_procfile) == (right.does == "process" or name == "release")
