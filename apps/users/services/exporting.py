"""A copy of everything that is known about a person. docs/operations.md and decision 0018 describe its shape."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.users import events as facts
from apps.users import privacy
from apps.users.services.rows import about, iso, lock_person
from diana import audit
from diana.events import publish_many

FORMAT, VERSION = "diana-person", 1


def export_person(*, person_id: int, key: str, now: datetime) -> bytes:
    """Return all that is known about the person as JSON in UTF-8, and publish user.data_exported, once for the key.

    Locks the person, so that nothing changes while it is read; a fixed number of queries. Raises PersonGone.
    """
    with transaction.atomic():
        person = lock_person(person_id)
        content = _collect(person_id, now)
        publish_many([about(person, facts.DataExported(user_id=person_id), now, key)])
    return content


def export_for_staff(*, person_id: int, reason: str, actor: audit.Actor, now: datetime) -> bytes:
    """Return the same for staff whom the person asked, with an audit record instead of the person's event.

    Raises PersonGone and audit.ReasonMissing.
    """
    with transaction.atomic():
        lock_person(person_id)
        content = _collect(person_id, now)
        target = ("users.Person", person_id)
        audit.record(actor=actor, act="export_person", target=target, before=None, after=None, reason=reason)
    return content


def _collect(person_id: int, now: datetime) -> bytes:
    document = {
        "format": FORMAT,
        "version": VERSION,
        "person": person_id,
        "exported_at": iso(now),
        "sections": {part.name: part.export(person_id) for part in privacy.parts()},
    }
    return json.dumps(document, default=_as_json, ensure_ascii=False, indent=1).encode()


def _as_json(value: Any) -> str:
    """Return what JSON has no type for: moments in UTC and dates in ISO 8601, bytes as hexadecimal digits."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
    raise TypeError(f"{type(value).__name__} has no place in an export: turn it into text or a number first.")
