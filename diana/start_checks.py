"""The system checks at the start of processes that serve: manage.py runs them by itself, granian and Celery do not."""

import sys

from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from diana import connected_role
from diana.database_roles import own_rights


def refuse_on_errors(connection: BaseDatabaseWrapper | None = None) -> None:
    """In production end the process with status 1 and all messages if a check finds an error, or the role is privileged.

    The connection that asks is closed: it must not be there in processes that are forked later.
    """
    if not settings.PRODUCTION:
        return
    connection = connection or connections["default"]
    try:
        found = [*checks.run_checks(), *_of_database(connection)]
    finally:
        connection.close()
    errors = [message for message in found if message.is_serious() and not message.is_silenced()]
    if errors:
        sys.exit(f"Diana ({settings.PROCESS_NAME}) does not start in production:\n" + "\n".join(map(str, errors)))


def _of_database(connection: BaseDatabaseWrapper) -> list[checks.CheckMessage]:
    """Return what is wrong with the process's role; Flower has none."""
    if not settings.DATABASE_PART:
        return []
    found = connected_role.check_role(["default"], connection=connection)
    if own_rights.is_judged() and not any(message.is_serious() for message in found):
        found += own_rights.check_rights(["default"], connection=connection)
    return found
