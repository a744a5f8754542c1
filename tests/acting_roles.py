"""Which role of the database does what in a process of tests: a request, a batch of events or a command is worked on as the
role of the process that would do so, and what a test arranges as one that may do what any of them may.

The connection logs in as a superuser, who may take any role for its session, in the middle of a transaction too; what is
asked of PostgreSQL is asked as that role.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test.client import ClientHandler
from psycopg import sql
from psycopg.pq import TransactionStatus

from config.databases import part_of
from config.variable import PROCESSES
from diana.database_roles import catalogue, granting, matrix
from diana.events import testing
from diana.local.roles import APPLICATION, DOOR, STAFF
from tests.door import DoorHandler
from tests.servers import ARRANGER, PASSWORDS, TESTER, TESTERS_PASSWORD

ROLES = {matrix.APP: APPLICATION, matrix.STAFF: STAFF, matrix.DOOR: DOOR}

_acting: ContextVar[str] = ContextVar("acting", default=ARRANGER)


def install() -> None:
    """Have the tests' connections of this process act so; before the first one is made, and after the release."""
    grant_all()
    connections.settings["default"] |= {"USER": TESTER, "PASSWORD": TESTERS_PASSWORD}
    connection_created.connect(_take_role, dispatch_uid="tests.acting_roles")
    _wrap(ClientHandler, "__call__", lambda handler, _: DOOR if isinstance(handler, DoorHandler) else STAFF)
    _wrap(testing, "_drain_one", lambda *_: APPLICATION)
    _wrap(BaseCommand, "execute", _role_of_command)


def grant_all() -> None:
    """Give the role that arranges the rights of all parts, with those of the release before."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {ARRANGER}")
        found = catalogue.ask(connections["owner"], [ARRANGER])
        wanted = matrix.read(settings.DATABASE_RIGHTS)
        for statement in granting.statements(wanted, {ARRANGER: matrix.PARTS}, found, former=True):
            cursor.execute(statement)
    connections["owner"].close()


@contextmanager
def acting(role: str) -> Iterator[None]:
    """Act as a role of the database on this thread's connection, and on those that the thread makes meanwhile."""
    before = _acting.set(role)
    try:
        _switch()
        yield
    finally:
        _acting.reset(before)
        _switch()


def connection_of(role: str) -> BaseDatabaseWrapper:
    """Return a default connection as a process has it that logs in as the role; whoever asked closes it."""
    connection = connections["default"].copy("default")
    connection.settings_dict = connection.settings_dict | {"USER": role, "PASSWORD": PASSWORDS[role]}
    return connection


def _role_of_command(command: BaseCommand, *_: Any, **__: Any) -> str:
    name = type(command).__module__.rpartition(".")[2]
    return ROLES.get(part_of(name if name in PROCESSES else "command", name), APPLICATION)


def _wrap(place: Any, name: str, role_of: Callable[..., str]) -> None:
    inner = getattr(place, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        with acting(role_of(*args, **kwargs)):
            return inner(*args, **kwargs)

    setattr(place, name, call)


def _switch() -> None:
    if connections["default"].connection is not None:
        _take_role(connections["default"])


def _take_role(connection: BaseDatabaseWrapper, **_: Any) -> None:
    session = connection.connection
    if connection.alias != "default" or connection.settings_dict["USER"] != TESTER or session.closed:
        return
    if session.info.transaction_status == TransactionStatus.INERROR:
        return  # the rollback brings the role of before back
    with session.cursor() as cursor:
        cursor.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(_acting.get())))
