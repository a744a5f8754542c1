"""The roles of Diana's database: an owner that migrates, and one for each part of the application, which own nothing."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from diana.local.errors import LocalError

OWNER, APPLICATION, STAFF, DOOR = "diana_owner", "diana_app", "diana_staff", "diana_door"
# By which variable processes find their role.
VARIABLES = {
    "DATABASE_DOOR_URL": DOOR,
    "DATABASE_STAFF_URL": STAFF,
    "DATABASE_URL": APPLICATION,
    "DATABASE_OWNER_URL": OWNER,
}
# Those of the running processes.
RUNNING = (APPLICATION, STAFF, DOOR)
LOGIN_ONLY = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def prepare_database(admin_url: str, database: str, owner: str, passwords: Mapping[str, str]) -> None:
    """Make the roles and the database as they should be; a second call repairs what drifted and keeps all data.

    `passwords` holds one password for each role, the owner's among them; a role that exists gets it too.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role, password in passwords.items():
            _ensure_login(connection, role, password, attributes=LOGIN_ONLY)
        _ensure_database(connection, database, owner)
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
        for role in passwords:
            _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, role)
        running = [role for role in passwords if role != owner]
        for role in running:
            _show_sessions(connection, role)
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as connection:
        _open_schema(connection, running)


def prepare_running_roles(owner_url: str, passwords: Mapping[str, str]) -> None:
    """Make the roles of the running processes in a database that somebody else runs, with the rights of its owner's URL.

    A role that exists gets the password; other rights of it stay as they are.
    """
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            for role, password in passwords.items():
                _ensure_login(connection, role, password, attributes="LOGIN")
                _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", connection.info.dbname, role)
            _open_schema(connection, passwords)
            with suppress(psycopg.errors.InsufficientPrivilege):
                for role in passwords:
                    _show_sessions(connection, role)
    except psycopg.errors.InsufficientPrivilege as error:
        user = conninfo_to_dict(owner_url).get("user", "the role")
        raise LocalError(
            f"{user} of DATABASE_URL may not make the roles {', '.join(passwords)} ({error.diag.message_primary}): "
            "make them yourself and set DATABASE_OWNER_URL with the owner's account, DATABASE_URL with the application's,"
            " DATABASE_STAFF_URL and DATABASE_DOOR_URL with the others'."
        ) from error


def _ensure_login(connection: psycopg.Connection, role: str, password: str, *, attributes: LiteralString) -> None:
    # What is sent is the verifier, so that the password itself never stands in a server's log.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if exists else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} " + attributes + " PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(verifier))
    )


def _ensure_database(connection: psycopg.Connection, database: str, owner: str) -> None:
    found = connection.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [database]
    ).fetchone()
    if found is None:
        _run(connection, "CREATE DATABASE {} OWNER {}", database, owner)
    elif found[0] != owner:
        _run(connection, "ALTER DATABASE {} OWNER TO {}", database, owner)


def _show_sessions(connection: psycopg.Connection, role: str) -> None:
    # Who holds the fence or rests too long may be a session of another role.
    _run(connection, "GRANT pg_read_all_stats TO {}", role)


def _open_schema(connection: psycopg.Connection, roles: Iterable[str]) -> None:
    # Before PostgreSQL 15, and in clusters upgraded from there, everyone may create tables in it.
    _run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for role in roles:
        _run(connection, "GRANT USAGE ON SCHEMA public TO {}", role)


def _run(connection: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
