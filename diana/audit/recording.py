"""Writing the audit record, in the transaction of the act that it records."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connection

from diana.audit.actors import Actor, Origin
from diana.events.causes import current_cause

if TYPE_CHECKING:
    from diana.audit.models import AuditRecord


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
    origin: Origin | None = None,
) -> "AuditRecord":
    """Write down who did what to the target (kind and id, as in `("users.Person", 7)`) and how it changed it.

    The time is the database's, the correlation id that of the event being handled, if any. `origin` is the actor's by
    default. Raises OutsideTransaction, and ReasonMissing for a blank or endless reason.
    """
    # The package is imported before the models can be.
    from diana.audit.models import REASON_MAX_LENGTH, AuditRecord

    if not connection.in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    if not 0 < len(reason.strip()) <= REASON_MAX_LENGTH:
        raise ReasonMissing(ReasonMissing.__doc__)
    cause = current_cause()
    return AuditRecord.objects.create(
        actor_id=actor.id,
        actor=actor.name,
        origin=origin or actor.origin,
        act=act,
        object_type=target[0],
        object_id=str(target[1]),
        before=before,
        after=after,
        reason=reason.strip(),
        correlation_id=cause.correlation_id if cause else None,
    )
