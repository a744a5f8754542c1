"""Every trigger of ours refuses what it is there to refuse, or does what it is there to do; without it nobody would."""

import re

import psycopg
import pytest

from tests.schema import catalogue
from tests.schema.cases import Effect, Wall
from tests.schema.catalogue import Connection
from tests.schema.every import TRIGGERS

WALLS = [
    pytest.param(name, statement, id=f"{name}-{number}")
    for name, wall in TRIGGERS.items()
    if isinstance(wall, Wall)
    for number, statement in enumerate(wall.statements)
]
EFFECTS = {name: effect for name, effect in TRIGGERS.items() if isinstance(effect, Effect)}
# They tell workers of a change that was made here. In a copy of the database the row that they change comes by itself.
NOT_IN_REPLICATION = {name for name in TRIGGERS if name.endswith("_revises")}
# Beginnings of errors' codes: no right to do so, a constraint broken, not in a state for it.
REFUSED = ("42501", "23", "55")


def alone(database: Connection, trigger: str) -> None:
    """Leave the table this trigger and no other, in this transaction."""
    table = TRIGGERS[trigger].table
    database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    database.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def run(database: Connection, statement: str) -> str:
    """Run what may be several statements; return what was said against them, with the error's code before it."""
    try:
        with database.transaction():
            database.execute(statement)  # type: ignore[arg-type]
            database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_primary}"
    return ""


def test_every_trigger_has_a_case_and_every_case_a_trigger(owner: Connection) -> None:
    there = {t.name: t.table for t in catalogue.triggers(owner)}
    missing = {name: table for name, table in there.items() if name not in TRIGGERS}
    assert missing == {}, "Say in tests/schema what each of them refuses or does."
    assert {name: case.table for name, case in TRIGGERS.items()} == there


def test_every_trigger_fires_always(owner: Connection) -> None:
    fires = {t.name: t.fires for t in catalogue.triggers(owner)}
    assert {name for name, when in fires.items() if when != "A"} == NOT_IN_REPLICATION


@pytest.mark.parametrize(("name", "statement"), WALLS)
def test_it_refuses(owner: Connection, name: str, statement: str) -> None:
    wall = TRIGGERS[name]
    assert isinstance(wall, Wall)
    alone(owner, name)
    code, _, said = run(owner, statement).partition(" ")
    assert code.startswith(REFUSED), said
    assert re.search(wall.says, said), said
    owner.execute(f"ALTER TABLE {wall.table} DISABLE TRIGGER {name}")
    assert said not in run(owner, statement), "Something else refuses it too."


@pytest.mark.parametrize(("name", "statement"), WALLS)
def test_the_application_is_refused(application: Connection, name: str, statement: str) -> None:
    code, _, said = run(application, statement).partition(" ")
    assert code.startswith(REFUSED), said


@pytest.mark.parametrize("name", EFFECTS)
def test_it_does(owner: Connection, name: str) -> None:
    effect = EFFECTS[name]
    alone(owner, name)
    assert answered(owner, effect) is True
    owner.execute(f"ALTER TABLE {effect.table} DISABLE TRIGGER {name}")
    assert answered(owner, effect) is not True, "Something else does it too."


def answered(database: Connection, effect: Effect) -> bool | None:
    """Do it, ask, take it back."""
    with database.transaction(force_rollback=True):
        assert run(database, effect.statement) == ""
        (answer,) = database.execute(effect.asked).fetchone() or (None,)  # type: ignore[arg-type]
        return answer
