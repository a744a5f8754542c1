"""Every constraint of ours is met by SQL that breaks it: the owner's, with the triggers off, so that nothing else can be
what refuses. What must be unique, checked or excluded has a case in the files of the apps; the rest follows from the
catalogue: keys, references, columns that must have a value.
"""

from typing import Any

import psycopg
import pytest
from django.apps import apps

from tests.schema import catalogue
from tests.schema.cases import Case
from tests.schema.catalogue import CHECK, CODES, EXCLUDE, FOREIGN, NOT_NULL, PRIMARY, UNIQUE, UNIQUE_INDEX, Connection
from tests.schema.every import CASES

WITH_A_CASE = (CHECK, UNIQUE, EXCLUDE, UNIQUE_INDEX)
WAYS = [
    pytest.param(name, change, id=f"{name}-{number}")
    for name, case in CASES.items()
    for number, change in enumerate(case.changes)
]
# Django names it after a hash of its columns; a login has a group or a right once.
OF_DJANGO = {"users_staff_groups", "users_staff_user_permissions"}


def disarm(database: Connection, table: str) -> None:
    """Switch the table's triggers off, in this transaction; references stay."""
    database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def attempt(
    database: Connection, table: str, change: dict[str, str], of: str = "true"
) -> psycopg.errors.Diagnostic | None:
    """Add the changed copy of a row; return what was said against it."""
    statement = catalogue.copying(database, table, change, of)
    try:
        with database.transaction():
            added = database.execute(statement).rowcount
            database.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return error.diag
    assert added, f"No row of {table} with {of}: have fill() make one."
    return None


def drop(database: Connection, constraint: catalogue.Constraint) -> None:
    """Do without a constraint, in this transaction."""
    if constraint.kind == UNIQUE_INDEX:
        database.execute(f"DROP INDEX {constraint.name}")
    else:
        database.execute(f"ALTER TABLE {constraint.table} DROP CONSTRAINT {constraint.name} CASCADE")


def drop_keys(database: Connection, table: str, *more: str) -> None:
    """Let rows of the table be there twice, in this transaction; and do without constraints of `more` kinds."""
    for key in catalogue.constraints(database, PRIMARY, UNIQUE, UNIQUE_INDEX, *more):
        if key.table == table:
            drop(database, key)


def found(database: Connection) -> dict[str, catalogue.Constraint]:
    """Return the constraints that need a case, by name."""
    return {c.name: c for c in catalogue.constraints(database, *WITH_A_CASE) if c.table not in OF_DJANGO}


def test_every_constraint_has_a_case_and_every_case_a_constraint(owner: Connection) -> None:
    there = found(owner)
    assert len(there) == len([c for c in catalogue.constraints(owner, *WITH_A_CASE) if c.table not in OF_DJANGO])
    missing = {name: c.table for name, c in there.items() if name not in CASES}
    assert missing == {}, "Say in tests/schema/cases_*.py how each of them is broken."
    assert sorted(set(CASES) - set(there)) == [], (
        "These constraints are gone: take their cases away, if that was meant."
    )


def test_every_table_has_a_row(owner: Connection) -> None:
    empty = [t for t in catalogue.tables(owner) if not owner.execute(f"SELECT FROM {t} LIMIT 1").rowcount]
    assert empty == [], "Have fill() in tests/schema/cases_*.py make a row of them."


@pytest.mark.parametrize(("name", "change"), WAYS)
def test_the_database_refuses(owner: Connection, name: str, change: dict[str, str]) -> None:
    case: Case = CASES[name]
    constraint = found(owner)[name]
    assert constraint.table == case.table
    disarm(owner, case.table)
    for other in case.without:
        drop(owner, found(owner)[other])
    said = attempt(owner, case.table, change, case.of)
    assert said is not None, f"{name} let it pass: {change}"
    assert (said.constraint_name, said.sqlstate) == (name, CODES[constraint.kind]), said.message_primary
    # And nothing else would have refused it: without this constraint, and keys that a copy repeats, the row goes in.
    drop(owner, constraint)
    if constraint.kind == CHECK:
        drop_keys(owner, case.table)
    said = attempt(owner, case.table, change, case.of)
    assert said is None, f"It breaks {said.constraint_name} too: {said.message_primary}"


def test_a_key_is_one_row(owner: Connection) -> None:
    keys = catalogue.constraints(owner, PRIMARY)
    assert {key.table for key in keys} == set(catalogue.tables(owner)), "Each table has a primary key."
    for key in keys:
        disarm(owner, key.table)
        said = attempt(owner, key.table, {})
        assert said is not None, key
        assert (said.constraint_name, said.sqlstate) == (key.name, CODES[PRIMARY])


def test_a_login_has_a_group_and_a_right_once(owner: Connection) -> None:
    unique = [c for c in catalogue.constraints(owner, *WITH_A_CASE) if c.table in OF_DJANGO]
    assert {(c.table, c.kind) for c in unique} == {(table, UNIQUE) for table in OF_DJANGO}
    for constraint in unique:
        said = attempt(owner, constraint.table, {"id": "-id"})
        assert said is not None
        assert said.constraint_name == constraint.name


def test_what_is_referred_to_is_there(owner: Connection) -> None:
    references = owner.execute(
        "SELECT k.conname, c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_constraint k"
        " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]"
        f" WHERE k.contype = '{FOREIGN}' AND cardinality(k.conkey) = 1 AND {catalogue.OURS.format('c')}"
    ).fetchall()
    assert {name for name, *_ in references} == {c.name for c in catalogue.constraints(owner, FOREIGN)}
    for name, table, column, kind in references:
        with owner.transaction(force_rollback=True):
            disarm(owner, table)
            drop_keys(owner, table, CHECK)
            said = attempt(owner, table, {column: "'nobody'" if kind.startswith(("char", "text")) else "-404"})
        assert said is not None, name
        assert (said.constraint_name, said.sqlstate) == (name, CODES[FOREIGN])


def required() -> dict[str, set[str]]:
    """Return the columns that must have a value by the models."""
    models = list(apps.get_models(include_auto_created=True))
    return {m._meta.db_table: {f.column for f in m._meta.concrete_fields if f.column and not f.null} for m in models}


def test_a_column_must_have_a_value_where_the_model_says_so(owner: Connection) -> None:
    by_models = required()
    for table in set(catalogue.tables(owner)) & set(by_models):
        known = catalogue.columns(owner, table)
        assert {column for column, must in known.items() if must} == by_models[table], table


def test_no_value_is_refused_where_there_must_be_one(owner: Connection) -> None:
    """All columns of all tables; one that may be empty may be empty."""
    for table in catalogue.tables(owner):
        disarm(owner, table)
        for column, must in catalogue.columns(owner, table).items():
            said: Any = attempt(owner, table, {column: "NULL"})
            refused = said is not None and said.sqlstate == CODES[NOT_NULL]
            assert (refused, refused and said.column_name) == (must, must and column), (table, column)
