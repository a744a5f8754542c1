"""Nothing in the database belongs to the application, and functions that act as the owner are not for everybody."""

import psycopg
import pytest

from tests.schema.catalogue import Connection

APPLICATION = "diana_app"
KINDS = {
    "relation": "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = %s",
    "function": "SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = %s",
    "type": "SELECT typname FROM pg_type WHERE pg_get_userbyid(typowner) = %s",
    "schema": "SELECT nspname FROM pg_namespace WHERE pg_get_userbyid(nspowner) = %s",
    "database": "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s",
    "right for what is to come": "SELECT defaclobjtype FROM pg_default_acl WHERE pg_get_userbyid(defaclrole) = %s",
    "membership": "SELECT roleid FROM pg_auth_members WHERE pg_get_userbyid(member) = %s",
}
FUNCTIONS = """
SELECT p.oid::regprocedure::text, p.prosecdef, p.prorettype = 'trigger'::regtype, coalesce(p.proconfig, '{}'),
    has_function_privilege('diana_app', p.oid, 'EXECUTE'), pg_get_userbyid(p.proowner)
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
"""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_belongs_to_the_application(owner: Connection, kind: str) -> None:
    assert owner.execute(KINDS[kind], [APPLICATION]).fetchall() == []
    if kind not in ("membership", "schema"):
        assert owner.execute(KINDS[kind], ["diana_owner"]).rowcount, "The question finds what there is."


def test_functions_of_the_owner_keep_to_their_schemas_and_are_called_by_triggers_alone(owner: Connection) -> None:
    """A trigger's function is called by no statement; who may not make a trigger cannot run it either."""
    acting = [row for row in owner.execute(FUNCTIONS) if row[1]]
    assert len(acting) >= 5
    for name, _, triggers, config, _, belongs_to in acting:
        assert "search_path=pg_catalog, public, pg_temp" in config, name
        assert triggers, f"{name} acts as the owner: REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC, or do without"
        assert belongs_to == "diana_owner"


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
