"""The backbone's tables: the log of events and the record of what staff did, both by number; both stay.

Events hold ids and numbers by design, and an audit record is what staff answer with: what it says is kept for ever, which
forms say beside the field for the reason.
"""

from datetime import datetime
from typing import Any

from diana.audit.models import AuditRecord
from diana.events import Envelope
from diana.events.history import everything_about

PERSONAL: tuple[str, ...] = ()
OTHER = (
    "event_log.*",
    "event_key.*",
    "event_parameter.*",
    "event_role_limit.*",
    "event_cursor.*",
    "event_visit.*",
    "event_failure.*",
    "event_delivery.*",
    "event_deferred.*",
    "audit_record.*",
    "periodic_slot.*",
    "django_migrations.*",
    "django_content_type.*",
)
# The number of somebody else is theirs.
OTHERS = frozenset({"referrer", "invitee"})


def export(person_id: int) -> dict[str, Any]:
    """Return what happened to the person, and what staff did about them; both in order, without who else it was."""
    return {
        "events": [_event(event) for event in everything_about(person_id)],
        "acts_of_staff": list(
            AuditRecord.objects.filter(object_type="users.Person", object_id=str(person_id))
            .order_by("pk")
            .values("at", "act", "reason", "before", "after")
        ),
    }


def erase(person_id: int, now: datetime) -> None:
    """Nothing here says who the person is."""


def _event(event: Envelope) -> dict[str, Any]:
    fields = {name: value for name, value in event.fields.items() if name not in OTHERS}
    return {"type": event.type, "at": event.local_time.isoformat(), "fields": fields}
