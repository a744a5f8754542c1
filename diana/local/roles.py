"""The two roles of Diana's database: an owner that migrates, and an application that owns nothing."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from diana.local.errors import LocalError

LOGIN_ONLY = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"


def prepare_database(admin_url: str, database: str, owner: str, application: str, passwords: Mapping[str, str]) -> None:
    """Make both roles and the database as they should be; a second call repairs what drifted and keeps all data.

    `passwords` holds one password for each role; a role that exists gets it too.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in (owner, application):
            _ensure_login(connection, role, passwords[role], attributes=LOGIN_ONLY)
        _ensure_database(connection, database, owner)
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
        for role in (owner, application):
            _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, role)
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as connection:
        _open_schema(connection, application)


def prepare_application(owner_url: str, application: str, password: str) -> None:
    """Make the application's role in a database that somebody else runs, with the rights of its owner's URL.

    A role that exists gets the password; other rights of it stay as they are.
    """
    try:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            _ensure_login(connection, application, password, attributes="LOGIN")
            _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", connection.info.dbname, application)
            _open_schema(connection, application)
    except psycopg.errors.InsufficientPrivilege as error:
        user = conninfo_to_dict(owner_url).get("user", "the role")
        raise LocalError(
            f"{user} of DATABASE_URL may not make the role {application} ({error.diag.message_primary}): "
            "make that role yourself and set both, DATABASE_OWNER_URL with the owner's account "
            "and DATABASE_URL with the application's."
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


def _open_schema(connection: psycopg.Connection, application: str) -> None:
    # Before PostgreSQL 15, and in clusters upgraded from there, everyone may create tables in it.
    _run(connection, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    _run(connection, "GRANT USAGE ON SCHEMA public TO {}", application)


def _run(connection: psycopg.Connection, statement: LiteralString, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
