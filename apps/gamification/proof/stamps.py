"""Checks that what the database noted with each audit record fits the record: found so is who wrote past the trigger."""

from typing import Any

from django.conf import settings
from django.db import connection

from apps.gamification.verify import Fault, Report

# By which a statement may be older than its row, and clocks be set back.
TOLERANCE_SECONDS = 600

# Records of before there were stamps have none, and lie below all that have.
_MISFITS = """
WITH stamped AS (
    SELECT *, max(written_at) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM (SELECT id, at, origin, written_as, written_in, written_at FROM audit_record WHERE id > %(after)s) r
), misfits AS (
    SELECT id, 'stamp' AS misfit, 'without role, transaction or time of the database' AS found FROM stamped
        WHERE num_nulls(written_as, written_in, written_at) > 0
            AND (num_nonnulls(written_as, written_in, written_at) > 0
                OR id > (SELECT min(id) FROM audit_record WHERE written_as IS NOT NULL))
    UNION ALL
    SELECT id, 'time', 'written before records with lower ids' FROM stamped
        WHERE written_at < before - make_interval(secs => %(tolerance)s)
    UNION ALL
    SELECT id, 'time', 'its time is not that of the database' FROM stamped
        WHERE %(production)s AND abs(extract(epoch FROM at - written_at)) > %(tolerance)s
    UNION ALL
    SELECT s.id, 'role', 'origin ' || origin || ', written as ' || written_as FROM stamped s
        JOIN pg_roles r ON r.rolname = written_as JOIN pg_class t ON t.oid = 'audit_record'::regclass
        WHERE origin IN ('admin', 'bot') AND (r.rolsuper OR pg_has_role(r.oid, t.relowner, 'MEMBER'))
            AND NOT pg_has_role(current_user, t.relowner, 'MEMBER')
)
SELECT id, misfit, found FROM misfits ORDER BY id
"""


def check_stamps(report: Report, *, after_id: int) -> None:
    """Report the records above the id whose stamps are missing, lie in time before earlier ones, or do not fit who acted.

    Neither the admin nor the bot connects as the owner or a superuser, but where there is one role for all. Outside production
    domain time may be moved, so `at` is compared with real time in production alone.
    """
    values: dict[str, Any] = {
        "after": after_id,
        "tolerance": TOLERANCE_SECONDS,
        "production": settings.PRODUCTION,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MISFITS, values)
        for record, check, found in cursor.fetchall():
            report.add(Fault(None, record, check, found))
