"""The rights of the role that this process is connected as, held against the matrix: asked at the start."""

import logging
from typing import Any, NamedTuple

from django.conf import settings
from django.core import checks
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from diana.database_roles import catalogue, comparison, matrix

logger = logging.getLogger(__name__)

HINT = (
    "Run `manage.py release` of this version with DATABASE_OWNER_URL, or `manage.py database_roles --grant`; see"
    " docs/database-roles.md."
)
FORMER_HINT = "Once no process of the release before runs: `manage.py database_roles --narrow`. See docs/operations.md."
# So many differences are named; the command names all.
NAMED = 10


class Verdict(NamedTuple):
    """What keeps the process from working as this role, and what the role may still do since the release before; in words."""

    wrong: str
    former: str


def judge(connection: BaseDatabaseWrapper) -> Verdict:
    """Compare the rights; before the first release there is nothing to compare.

    What a later release has granted beside this one's is nothing wrong: its processes run already.
    """
    role = _role(connection)
    if not role:
        return Verdict("", "")
    wanted = matrix.read(settings.DATABASE_RIGHTS)
    found = catalogue.ask(connection, [role])
    parts = settings.DATABASE_ROLES.get(role) or (settings.DATABASE_PART,)
    differences = comparison.compare(wanted, {role: parts}, found)
    if found.digest != wanted.digest:
        differences = [one._replace(surplus=()) for one in differences]
    wrong = [str(one._replace(former=())) for one in differences if one.missing or one.surplus]
    former = [str(one._replace(missing=(), surplus=())) for one in differences if one.former]
    return Verdict(_listed(wrong), _listed(former))


def _role(connection: BaseDatabaseWrapper) -> str:
    """Return the name of the role; "" where there are no tables that could be asked about rights."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, to_regclass('public.event_role_limit') IS NOT NULL")
        role, released = cursor.fetchone()
    return str(role) if released else ""


def is_judged() -> bool:
    """Say whether this process is held to the matrix; one that has the owner's address brings rights in line, or repairs."""
    return not settings.DATABASE_OWNER_URL


def check_rights(
    databases: Any = None, *, connection: BaseDatabaseWrapper | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """The process's role may do what the matrix says; a database that cannot be asked is no error."""
    if "default" not in (databases or ()):
        return []
    try:
        wrong, former = judge(connection or connections["default"])
    except DatabaseError as error:
        logger.warning("PostgreSQL cannot be asked for the role's rights yet", extra={"error": str(error)})
        return []
    kind = checks.Error if settings.PRODUCTION else checks.Warning
    found: list[checks.CheckMessage] = []
    if wrong:
        found.append(kind(f"Rights of the database are not as they should be: {wrong}.", hint=HINT, id="diana.E003"))
    if former:
        said = f"Rights of the release before were not taken back: {former}."
        found.append(checks.Warning(said, hint=FORMER_HINT, id="diana.W001"))
    return found


def _listed(texts: list[str]) -> str:
    more = f"; and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return "; ".join(texts[:NAMED]) + more
