"""Nothing in the database belongs to the application, and functions that act as the owner are not for everybody."""

import psycopg
import pytest

from diana.local.roles import RUNNING
from tests.schema.catalogue import Connection
from tests.servers import APPLICATION, Servers

KINDS = {
    "relation": "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = %s",
    "function": "SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = %s",
    "type": "SELECT typname FROM pg_type WHERE pg_get_userbyid(typowner) = %s",
    "schema": "SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = %s",
    "database": "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s",
    "right for what is to come": "SELECT defaclobjtype FROM pg_default_acl WHERE pg_get_userbyid(defaclrole) = %s",
    # That of pg_read_all_stats shows what sessions of the other roles do, without values.
    "membership": "SELECT roleid FROM pg_auth_members WHERE pg_get_userbyid(member) = %s"
    " AND pg_get_userbyid(roleid) <> 'pg_read_all_stats'",
}
FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.prosecdef, coalesce(p.proconfig, '{}'),
    has_function_privilege('diana_app', p.oid, 'EXECUTE') OR has_function_privilege('diana_staff', p.oid, 'EXECUTE')
        OR has_function_privilege('diana_door', p.oid, 'EXECUTE'), pg_get_userbyid(p.proowner)
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
"""
ACTING = "SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_belongs_to_the_application(owner: Connection, kind: str) -> None:
    for role in RUNNING:
        assert owner.execute(KINDS[kind], [role]).fetchall() == []
    if kind == "right for what is to come":
        assert owner.execute(KINDS[kind], ["diana_owner"]).fetchall() == [], "Each table's rights are granted by name."
    elif kind not in ("membership", "schema"):
        assert owner.execute(KINDS[kind], ["diana_owner"]).rowcount, "The question finds what there is."


def test_functions_of_the_owner_keep_to_their_schemas_and_are_nobody_elses_to_run(owner: Connection) -> None:
    acting = [row for row in owner.execute(FUNCTIONS) if row[1]]
    assert len(acting) >= 5
    for name, _, config, application_may, belongs_to in acting:
        assert "search_path=pg_catalog, public, pg_temp" in config, name
        assert not application_may, f"In its migration: REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC"
        assert belongs_to == "diana_owner"


def test_a_table_of_the_applications_own_moves_no_account(servers: Servers, filled: str) -> None:
    """Where somebody else runs the database, the application may have the right to temporary tables."""
    servers.admin("GRANT TEMP ON DATABASE {} TO {}", filled, APPLICATION)
    try:
        with psycopg.connect(servers.url(APPLICATION, filled), autocommit=True) as session:
            session.execute("CREATE TEMP TABLE fake (LIKE gamification_entry)")
            for (function,) in session.execute(ACTING).fetchall():
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="function"):
                    session.execute(
                        "CREATE TRIGGER t AFTER INSERT ON fake REFERENCING NEW TABLE AS posted"
                        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}"
                    )
    finally:
        servers.admin("REVOKE TEMP ON DATABASE {} FROM {}", filled, APPLICATION)


def test_no_role_makes_a_temporary_table_or_anything_in_the_schema(owner: Connection) -> None:
    for role in RUNNING:
        asked = "SELECT has_schema_privilege(%s, 'public', 'CREATE'), has_database_privilege(%s, current_database(), 'TEMP')"
        assert owner.execute(asked, [role, role]).fetchone() == (False, False)


def test_the_application_makes_no_trigger_and_no_place_for_one(owner: Connection, application: Connection) -> None:
    assert application.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone() == (False,)
    assert application.execute("SELECT has_database_privilege(current_database(), 'TEMP')").fetchone() == (False,)
    may = application.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace"
        " AND (has_table_privilege(oid, 'TRIGGER') OR has_table_privilege(oid, 'TRUNCATE'))"
    )
    assert may.fetchall() == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT gamification_post_entries()",
        "SELECT audit_past_services()",
        "CREATE TRIGGER mine AFTER INSERT ON event_key FOR EACH ROW EXECUTE FUNCTION gamification_revise_rulebook()",
        "ALTER FUNCTION refuse_change() OWNER TO diana_app",
        "GRANT diana_owner TO diana_app",
        "SET SESSION AUTHORIZATION diana_owner",
        "CREATE EXTENSION pg_stat_statements",
        "COPY event_key TO PROGRAM 'true'",
        "COPY event_key FROM '/etc/passwd'",
    ],
)
def test_the_application_may_not(application: Connection, statement: str) -> None:
    with (
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)),
        application.transaction(),
    ):
        application.execute(statement)  # type: ignore[arg-type]
