"""Migrations go forward from nothing, back, and forward again; with rows in the tables they keep what can be kept."""

import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.plugin import DjangoDbBlocker

from apps.gamification.selectors import balance
from apps.gamification.verify import verify
from diana.local.roles import APPLICATION
from tests.acting_roles import acting, grant_all
from tests.conftest import database_named
from tests.gamification.acts import award, daily, person
from tests.schema.migrating import Key, Walk, apply, ours, owner, plan, take_back
from tests.schema.shape import differences, only, rows, shape
from tests.servers import OWNER, TEMPLATE, Servers

# Up to here an app goes back with rows in its tables; all others to their first migration, below which is nothing.
FIRST = {"events": "0003_event_log"}  # below it the log has no order, and a sequence that begins anew
KIND = {"other: constraint gamification_entry.gamification_entry_kind"}
# What a step back leaves, and why that is right.
STAYS: dict[Key, tuple[set[str], str]] = {
    ("users", "0043_fold_names"): (
        {"other: constraint users_person.users_person_erased_not_found"},
        "it stays validated: the rows fulfil it all the same",
    ),
    ("events", "0004_lanes"): ({"other: function event_log_fence()"}, "the error's code suits older code as well"),
    # Rows of the newer rule may be there, which a check that reads them would refuse.
    ("gamification", "0062_corrections_follow_the_acts"): (KIND, "the older check holds for new entries alone"),
    ("users", "0049_chosen_timezones"): (
        {
            "other: constraint users_person.users_person_erased_from_nowhere",
            "other: constraint users_person.users_person_former_timezones_shape",
        },
        "they stay validated: the rows fulfil them all the same",
    ),
    ("gamification", "0063_corrections_validated"): (KIND, "what was read stays read"),
}
# What is other after going back, and after going forth again, of the tables that stay, and why: columns, or all rows.
OTHER_BACK: dict[str, tuple[set[str], str]] = {
    "gamification_rulebook": ({"rows"}, "before its triggers there is nothing to tell workers of"),
    "gamification_rule": ({"active"}, "the rules of the first version waited for the classes of their events"),
}
OTHER_AGAIN: dict[str, tuple[set[str], str]] = {
    "gamification_rulebook": ({"revision"}, "workers read the rules anew"),
}


@pytest.fixture
def empty(servers: Servers, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database with roles and rights, without a table."""
    name = f"{TEMPLATE}_empty"
    with django_db_blocker.unblock():
        servers.admin("CREATE DATABASE {} OWNER {}", name, OWNER)
        # Migrations that read over the application's connection do so as its role, which had rights on all that was made.
        with database_named(name), acting(APPLICATION):
            yield
        servers.drop(name)


@pytest.fixture
def copy(servers: Servers, filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database with rows in all tables, of the test's own."""
    name = f"{filled}_copy"
    with django_db_blocker.unblock():
        servers.admin("CREATE DATABASE {} TEMPLATE {} OWNER {}", name, filled, OWNER)
        with database_named(name):
            yield
        servers.drop(name)


def test_each_step_from_nothing_is_taken_back_and_again(empty: None) -> None:
    walk = Walk()
    for key in plan():
        if not ours(key[0]):
            walk.apply(key)
            continue
        before = shape(owner(), rights=False)
        walk.apply(key)
        after = shape(owner())
        walk.take_back(key)
        stays, _ = STAYS.get(key, (set(), ""))
        assert set(differences(before, shape(owner(), rights=False))) == stays, f"{key} taken back"
        walk.apply(key)
        assert differences(after, shape(owner())) == [], f"{key} again"


def test_rows_go_back_and_forth(copy: None) -> None:
    before, made = rows(owner()), shape(owner(), rights=False)
    roots = dict(reversed(MigrationExecutor(connections["owner"]).loader.graph.root_nodes())) | FIRST
    steps = [key for key in plan() if ours(key[0]) and key[1] > roots[key[0]]]
    take_back(*reversed(steps))
    back = rows(owner())
    assert other(before, back) == {table: columns for table, (columns, _) in OTHER_BACK.items()}
    apply(*steps)
    assert differences(made, shape(owner(), rights=False)) == []
    # As the release does; it says so if one is otherwise.
    call_command("database_roles", narrow=True, stdout=StringIO())
    grant_all()
    again = {table: narrowed(found, back[table]) for table, found in rows(owner()).items() if table in back}
    assert other(before, again) == {table: columns for table, (columns, _) in OTHER_AGAIN.items()}
    award(daily(somebody := person()))
    assert balance(somebody) > 0
    assert verify(person_ids=[a["person_id"] for a in before["gamification_account"]]).faults == []


def test_every_step_has_a_way_back(copy: None) -> None:
    nodes = MigrationExecutor(connections["owner"]).loader.graph.nodes
    stuck = {key for key, step in nodes.items() if ours(key[0]) and not all(o.reversible for o in step.operations)}
    assert stuck == set(), "Give each operation a way back."


def test_a_step_that_was_interrupted_can_be_run_again(copy: None) -> None:
    nodes = MigrationExecutor(connections["owner"]).loader.graph.nodes
    parted = [key for key in plan() if ours(key[0]) and not nodes[key].atomic]
    assert len(parted) >= 5
    made = shape(owner())
    for key in parted:
        MigrationRecorder(connections["owner"]).record_unapplied(*key)
        apply(key)
    assert differences(made, shape(owner())) == []


BUILT = re.compile(r'CREATE INDEX CONCURRENTLY "?(\w+)"? ON "?(\w+)"?')
INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


def test_an_index_whose_build_was_interrupted_is_built_anew(copy: None) -> None:
    """PostgreSQL leaves one of that name which it never uses."""
    loader = MigrationExecutor(connections["owner"]).loader
    steps = [key for key in plan() if ours(key[0]) and not loader.graph.nodes[key].atomic]
    written = {key: "\n".join(loader.collect_sql([(loader.graph.nodes[key], False)])) for key in steps}
    built = {key: found for key, text in written.items() if (found := BUILT.findall(text))}
    assert sum(map(len, built.values())) >= 12
    made = shape(owner())
    for name, table in [index for found in built.values() for index in found]:
        owner().execute(f"DROP INDEX IF EXISTS {name}")  # a later step may have removed it
        with pytest.raises(psycopg.errors.DivisionByZero):
            owner().execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ((1 / (id - id)))")
    assert len(owner().execute(INVALID).fetchall()) == sum(map(len, built.values()))
    for key in built:
        MigrationRecorder(connections["owner"]).record_unapplied(*key)
        apply(key)
    assert owner().execute(INVALID).fetchall() == []
    assert differences(made, shape(owner())) == []


def narrowed(found: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the columns that the others have: what was taken back comes again without its values."""
    columns = set(like[0]) if like else set(found[0]) if found else set()
    return [{column: value for column, value in row.items() if column in columns} for row in found]


def other(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    """Return the columns whose values are other, of the tables that are there before and after; all if rows are missing."""
    found = {}
    for table in before.keys() & after.keys():
        columns = set(before[table][0]) & set(after[table][0]) if after[table] else set()
        if only(before[table], columns) != only(after[table], columns):
            found[table] = {c for c in columns if only(before[table], {c}) != only(after[table], {c})} or {"rows"}
        elif not after[table]:
            found[table] = {"rows"}
    return found
