"""Writing the audit record, in the transaction of the act that it records."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from diana.audit.actors import Actor
from diana.audit.addresses import current_address
from diana.events.causes import current_cause

if TYPE_CHECKING:
    from diana.audit.models import AuditRecord

# Not by the ORM, which names every column: the application may not write the time. Nor is what was written read again: the
# door's role may not read records.
# The setting tells the walls (migrations/sql/walls.sql) from which record on this transaction has written its own.
_INSERT = """
WITH written AS (
    INSERT INTO audit_record
        (actor_id, actor, origin, act, object_type, object_id, before, after, reason, correlation_id, address)
    VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s::inet)
    RETURNING id, at
)
SELECT id, at, set_config('diana.audited', coalesce(nullif(current_setting('diana.audited', true), ''), id::text), true)
FROM written
"""
# Numbered in their order, so that the ids come back in it.
_INSERT_MANY = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%s::jsonb)
        AS g (number int, act text, kind text, target text, before jsonb, after jsonb, reason text)
), written AS (
    INSERT INTO audit_record
        (actor_id, actor, origin, act, object_type, object_id, before, after, reason, correlation_id, address)
    SELECT %s, %s, %s, act, kind, target, before, after, reason, %s, %s::inet FROM given ORDER BY number
    RETURNING id
)
SELECT id, set_config(
    'diana.audited', coalesce(nullif(current_setting('diana.audited', true), ''), (min(id) OVER ())::text), true)
FROM written ORDER BY id
"""


class Act(NamedTuple):
    """One act of many by the same actor; the fields are those of record()."""

    act: str
    target: tuple[str, object]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str


class OutsideTransaction(RuntimeError):
    """audit.record() was called outside a transaction: wrap the act and its record in one `transaction.atomic()`."""


class ReasonMissing(ValueError):
    """An act of staff needs a reason: say why, in 1,000 characters at most."""


def record(
    *,
    actor: Actor,
    act: str,
    target: tuple[str, object],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    reason: str,
) -> "AuditRecord":
    """Write down who did what to the target (kind and id, as in `("users.Person", 7)`) and how it changed it.

    The time is the database's, the correlation id that of the event being handled, if any, the address the request's.
    Raises OutsideTransaction, and ReasonMissing for a blank or endless reason.
    """
    # The package is imported before the models can be.
    from diana.audit.models import AuditRecord

    _check(reason)
    cause, kind, number = current_cause(), target[0], str(target[1])
    correlation_id, address = cause.correlation_id if cause else None, current_address()
    who = [actor.id, actor.name, actor.origin]
    what = [act, kind, number, _json(before), _json(after), reason.strip()]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*who, *what, correlation_id, address])
        [(pk, at, _)] = cursor.fetchall()
    return AuditRecord(
        id=pk,
        at=at,
        actor_id=actor.id,
        actor=actor.name,
        origin=actor.origin,
        act=act,
        object_type=kind,
        object_id=number,
        before=before,
        after=after,
        reason=reason.strip(),
        correlation_id=correlation_id,
        address=address,
    )


def record_many(actor: Actor, acts: Sequence[Act]) -> list[int]:
    """Write down many acts of one actor in one statement; return the records' ids in their order. Raises as record() does."""
    for act in acts:
        _check(act.reason)
    if not acts:
        return []
    given = [
        act._asdict() | {"number": n, "kind": act.target[0], "target": str(act.target[1]), "reason": act.reason.strip()}
        for n, act in enumerate(acts)
    ]
    cause = current_cause()
    who = [actor.id, actor.name, actor.origin, cause.correlation_id if cause else None, current_address()]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_MANY, [json.dumps(given, cls=DjangoJSONEncoder), *who])
        return [row[0] for row in cursor.fetchall()]


def _check(reason: str) -> None:
    from diana.audit.models import REASON_MAX_LENGTH

    if not connection.in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    if not 0 < len(reason.strip()) <= REASON_MAX_LENGTH:
        raise ReasonMissing(ReasonMissing.__doc__)


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder)
