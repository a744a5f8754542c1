"""Running SQL for boards: what leads along an index is easier to see in SQL than in the ORM's words for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def fetch(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
    """Return all rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[Any] = cursor.fetchall()
        return found
