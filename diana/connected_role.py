"""The role of the application's connections: PostgreSQL is asked whether append-only tables are walls for it."""

import logging
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import DatabaseError, OperationalError

from diana.database_roles import own_rights

logger = logging.getLogger(__name__)

HINT = (
    "Set the process's address (DATABASE_URL, DATABASE_STAFF_URL, DATABASE_DOOR_URL) to a role that owns nothing, is a"
    " member of no owner and no superuser: only then the append-only tables are walls. See docs/operations.md, *Roles*."
)
# One row: why the role may change what is append-only, or "". Before the first release there is no log.
QUERY = """
SELECT CASE
    WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'is a superuser'
    WHEN EXISTS (
        SELECT FROM pg_class WHERE oid = to_regclass('event_log') AND pg_has_role(current_user, relowner, 'MEMBER')
    ) THEN 'owns its tables, or may take the role of their owner'
    ELSE '' END
"""

_accepted = False


class PrivilegedRole(OperationalError):
    """In production a process connects as a role that may change what is append-only, or that has other rights than its own:
    nothing is done over it.
    """


def install() -> None:
    """Have the first connection of a process ask in production, and register the check; a second call changes nothing."""
    connection_created.connect(refuse_privileges, dispatch_uid="diana.connected_role")
    checks.register(check_role, checks.Tags.database)
    checks.register(own_rights.check_rights, checks.Tags.database)


def refuse_privileges(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Close a connection of a role with too many rights, or too few, and raise PrivilegedRole; one that passed is enough
    for the process.

    So a process that started while PostgreSQL was away does nothing as the owner, either.
    """
    global _accepted
    if _accepted or connection.alias != "default" or not settings.PRODUCTION:
        return
    if found := _privilege(connection):
        connection.close()
        raise PrivilegedRole(f"The application's role {found}. {HINT}")
    if own_rights.is_judged() and (wrong := own_rights.judge(connection).wrong):
        connection.close()
        raise PrivilegedRole(f"Rights of the database are not as they should be: {wrong}. {own_rights.HINT}")
    _accepted = True


def check_role(
    databases: Any = None, *, connection: BaseDatabaseWrapper | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """The application's role is neither the owner of the tables nor a superuser; one that cannot be asked is no error."""
    if "default" not in (databases or ()):
        return []
    try:
        found = _privilege(connection or connections["default"])
    except PrivilegedRole as error:
        said, hint = str(error).split(". ", 1)
        return [checks.Error(f"{said}.", hint=hint, id="diana.E002")]
    except DatabaseError as error:
        logger.warning("PostgreSQL cannot be asked for the application's role yet", extra={"error": str(error)})
        return []
    kind = checks.Error if settings.PRODUCTION else checks.Warning
    return [kind(f"The application's role {found}.", hint=HINT, id="diana.E002")] if found else []


def _privilege(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute(QUERY)
        [found] = cursor.fetchone()
    return str(found)
