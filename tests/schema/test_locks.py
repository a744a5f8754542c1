"""No migration of ours keeps a large table shut, or takes away what running code uses, without saying why it may."""

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from pytest_django.plugin import DjangoDbBlocker

from tests.conftest import close_connections
from tests.schema.locks import parted, risks
from tests.schema.migrating import ours

EMPTY = "its tables were made by the migration before, of the same release: they have no rows yet"
SHORT = "a row for each person, read once: a million of them in about half a second"
MAY: dict[tuple[str, str], str] = {
    ("bot", "0046_moved_groups"): SHORT,
    ("gamification", "0002_ledger"): EMPTY,
    ("gamification", "0021_achievement_walls"): EMPTY,
    ("gamification", "0051_checkpoint_walls"): EMPTY,
    ("events", "0003_event_log"): EMPTY,
    (
        "bot",
        "0038_receipts",
    ): "a check gives place to a wider one; notices are kept for 30 days, and nobody waits for one",
    ("bot", "0050_conflicts_set_aside"): "a check gives place to a wider one; the table holds what could not be kept",
    (
        "bot",
        "0070_notices_of_refunds_and_points",
    ): "a check gives place to a wider one in the same statement, and is validated apart",
    ("payments", "0043_states_told_first"): "a row for each bill: read once in a moment, and who buys waits for that",
    ("payments", "0040_subscriptions"): "a check gives place to a wider one; a row for each payment: fewer than people",
    ("users", "0010_preferences"): SHORT,
    ("users", "0011_joining"): SHORT,
    ("users", "0030_vip_overrides"): "a row for each grant of VIP: fewer than people, and nobody waits for a new one",
    ("users", "0040_grants_by_days"): "a row for each grant of VIP: fewer than people, and nobody waits for a new one",
    ("gamification", "0062_corrections_follow_the_acts"): "the check comes back in the same statement, and allows more",
}


def test_no_migration_shuts_a_table_without_saying_why_it_may(django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        loader = MigrationLoader(connections["owner"], replace_migrations=False)
        written = {key: loader.collect_sql([(m, False)]) for key, m in loader.disk_migrations.items() if ours(key[0])}
        close_connections()
    found = {key: matter for key, statements in written.items() if (matter := risks(statements))}
    unexplained = {key: matter for key, matter in found.items() if key not in MAY}
    assert unexplained == {}, "Mend them, or say in MAY why they may."
    assert sorted(set(MAY) - set(found)) == [], "They shut nothing: take them out of MAY."


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t ALTER COLUMN a TYPE bigint",
        'ALTER TABLE "t" ALTER COLUMN "a" SET DATA TYPE text USING a::text',
        "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid() NOT NULL",
        "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT clock_timestamp()",
        "ALTER TABLE t ADD COLUMN a bigint GENERATED ALWAYS AS (b + 1) STORED",
        "ALTER TABLE t ADD COLUMN a text NOT NULL",
        "ALTER TABLE t ADD COLUMN a text NULL UNIQUE",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE ONLY t ADD CONSTRAINT c CHECK (a > 0)",
        "ALTER TABLE t ADD CHECK (a > 0)",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES s (id)",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE (a)",
        "ALTER TABLE t DROP COLUMN a CASCADE",
        "ALTER TABLE t RENAME TO s",
        "CREATE INDEX i ON t (a)",
        'CREATE UNIQUE INDEX "i" ON "t" ("a") WHERE b',
        "DROP TABLE t CASCADE",
        "-- a comment\nALTER TABLE t\n ALTER COLUMN a TYPE bigint",
        "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$; CREATE INDEX i ON t (a)",
    ],
)
def test_it_finds(statement: str) -> None:
    assert len(risks([statement])) == 1
    assert risks(["CREATE TABLE t (a int, b int)", statement]) == [], "of a table made by the same migration"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t ADD COLUMN a text NULL",
        "ALTER TABLE t ADD COLUMN a smallint DEFAULT 0 NOT NULL",
        "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT STATEMENT_TIMESTAMP() NOT NULL",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t ADD CONSTRAINT c UNIQUE USING INDEX i",
        "ALTER TABLE t ENABLE ALWAYS TRIGGER x",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "CREATE FUNCTION f() RETURNS int AS $$ CREATE INDEX i ON t (a); $$",
        "-- ALTER TABLE t ALTER COLUMN a TYPE bigint",
    ],
)
def test_it_lets_pass(statement: str) -> None:
    assert risks([statement]) == []


def test_it_parts_statements() -> None:
    assert parted("SELECT 1;\n SELECT\n 2; -- no; more\n") == ["SELECT 1", "SELECT 2"]
