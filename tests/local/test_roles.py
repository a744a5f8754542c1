"""The owner's and the application's role, and what each may not do."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from diana.local.errors import LocalError
from diana.local.instance import with_account
from diana.local.postgres import Postgres
from diana.local.roles import prepare_database, prepare_running_roles

PASSWORDS = {"owner": "o'wner", "app": "a%p", "door": "d@or"}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    directory: Path = tmp_path_factory.mktemp("roles")
    server = Postgres(directory)
    server.start()
    prepare_database(server.admin_url(), "diana", "owner", PASSWORDS)
    yield server
    server.kill()


def connect(postgres: Postgres, role: str, database: str = "diana") -> psycopg.Connection:
    return psycopg.connect(with_account(postgres.admin_url(database), role, PASSWORDS[role]), autocommit=True)


def test_it_lets_the_owner_make_tables_and_the_application_not(postgres: Postgres) -> None:
    with connect(postgres, "owner") as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS walls (id int)")
    for role in ("app", "door"):
        with connect(postgres, role) as application:
            for statement in (
                "CREATE TABLE mine (id int)",
                "SELECT * FROM walls",
                "CREATE ROLE another",
                "CREATE TEMP TABLE t ()",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(statement)


@pytest.mark.parametrize("role", PASSWORDS)
def test_it_makes_no_superuser(postgres: Postgres, role: str) -> None:
    with psycopg.connect(postgres.admin_url()) as admin:
        found = admin.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()
    assert found == (False,) * 4


def test_it_closes_the_database_to_everyone_else(postgres: Postgres) -> None:
    with psycopg.connect(postgres.admin_url(), autocommit=True) as admin:
        admin.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(with_account(postgres.admin_url("diana"), "stranger", "known"))


def test_it_repairs_and_keeps_the_data_when_called_again(postgres: Postgres) -> None:
    with connect(postgres, "owner") as owner:
        owner.execute("CREATE TABLE data AS SELECT 7 AS seven")
    with psycopg.connect(postgres.admin_url(), autocommit=True) as admin:
        admin.execute("ALTER ROLE app SUPERUSER")
        admin.execute("GRANT CONNECT ON DATABASE diana TO PUBLIC")

    prepare_database(postgres.admin_url(), "diana", "owner", PASSWORDS)

    with connect(postgres, "owner") as owner:
        assert owner.execute("SELECT seven FROM data").fetchone() == (7,)
        assert owner.execute("SELECT rolsuper FROM pg_roles WHERE rolname = 'app'").fetchone() == (False,)
        assert "=c" not in str(
            owner.execute("SELECT datacl FROM pg_database WHERE datname = 'diana'").fetchone()
        ).split(",")


def test_it_names_the_cure_when_the_given_role_may_not_make_roles(postgres: Postgres) -> None:
    url = with_account(postgres.admin_url("diana"), "owner", PASSWORDS["owner"])

    with pytest.raises(LocalError, match=r"owner of DATABASE_URL may not make the roles diana_app .*DATABASE_DOOR_URL"):
        prepare_running_roles(url, {"diana_app": "secret"})


def test_it_makes_the_application_in_a_given_database(postgres: Postgres) -> None:
    for password in ("one", "two"):
        prepare_running_roles(postgres.admin_url("diana"), dict.fromkeys(("diana_app", "diana_door"), password))

    for role in ("diana_app", "diana_door"):
        with psycopg.connect(with_account(postgres.admin_url("diana"), role, "two")) as session:
            assert session.execute("SELECT current_user").fetchone() == (role,)
