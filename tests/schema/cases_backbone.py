"""The bus, the audit record, the slots of periodic jobs: a row of each table, and what they refuse."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from diana.events import publish
from diana.events.models import DeferredEvent, Delivery, Failure, Visit
from diana.periodic.slots import run_once
from tests.gamification.acts import NOON, daily, person
from tests.schema.cases import Case, Effect, Wall, append_only

SEALED = {"payload": "NULL", "sealed_payload": "'\\x00'", "key_id": "'k'"}
NEITHER_OPEN_NOR_SEALED = (
    {"payload": "NULL"},
    {"sealed_payload": "'\\x00'"},
    {"key_id": "'k'"},
    SEALED | {"key_id": "NULL"},
    SEALED | {"sealed_payload": "NULL"},
    SEALED | {"payload": "'{}'"},
)
NO_ZONE = ({"utc_offset_minutes": "1081"}, {"utc_offset_minutes": "-1081"})

CASES = {
    "event_log_payload_open_or_sealed": Case("event_log", *NEITHER_OPEN_NOR_SEALED),
    "event_log_lane_not_negative": Case("event_log", {"lane": "-1"}),
    "event_log_offset_is_a_zone": Case("event_log", *NO_ZONE),
    "event_deferred_payload_open_or_sealed": Case("event_deferred", *NEITHER_OPEN_NOR_SEALED),
    "event_deferred_lane_not_negative": Case("event_deferred", {"lane": "-1"}),
    "event_deferred_offset_is_a_zone": Case("event_deferred", *NO_ZONE),
    "event_role_limit_once": Case("event_role_limit", {"id": "-id"}),
    "event_cursor_one_per_lane": Case("event_cursor", {"id": "-id"}),
    "event_cursor_position_not_negative": Case("event_cursor", {"position": "-1"}),
    "event_failure_one_per_event": Case("event_failure", {"id": "-id"}),
    "event_visit_range": Case("event_visit", {"first_position": "last_position + 1"}),
    "event_delivery_one_per_event": Case("event_delivery", {"id": "-id"}),
    "audit_record_origin_known": Case("audit_record", {"origin": "'elsewhere'"}),
    "audit_record_reason_given": Case("audit_record", {"reason": "''"}, {"reason": "E' \\n'"}),
    "audit_record_reason_bounded": Case("audit_record", {"reason": "repeat('x', 1001)"}),
    "audit_record_complete": Case(
        "audit_record", {"act": "''"}, {"actor": "''"}, {"object_type": "''"}, {"object_id": "''"}
    ),
    "periodic_slot_once": Case("periodic_slot", {"id": "-id"}),
    "periodic_slot_job_named": Case("periodic_slot", {"job": "''"}),
}

PUBLISH = """INSERT INTO event_log (event_id, type, version, lane, key, occurred_at, utc_offset_minutes, correlation_id, payload)
    VALUES (gen_random_uuid(), 'game.login', 1, 0, '1', now(), 0, gen_random_uuid(), '{}')"""
DEFER = PUBLISH.replace("event_log (", "event_deferred (source, due_at, ").replace(
    "VALUES (", "VALUES ('telegram', now(), "
)
ONLY_OTHERS = "INSERT INTO event_role_limit (role, relation, value) VALUES (session_user, '{}', 'another')"
TRIGGERS: dict[str, Wall | Effect] = {
    "event_log_append_only": append_only("event_log", "UPDATE", "DELETE", "TRUNCATE"),
    "event_log_fence": Wall(
        "event_log",
        "run manage.py adopt_log",
        "ALTER TABLE event_cursor DISABLE TRIGGER event_cursor_within_log;"
        f" UPDATE event_cursor SET position = 1000000000; {PUBLISH}",
    ),
    "event_log_role_limit": Wall(
        "event_log", "adds no row with the type game.login", f"{ONLY_OTHERS.format('event_log')}; {PUBLISH}"
    ),
    "event_deferred_role_limit": Wall(
        "event_deferred", "adds no row with the type game.login", f"{ONLY_OTHERS.format('event_deferred')}; {DEFER}"
    ),
    "event_cursor_within_log": Wall(
        "event_cursor", "beyond the log", "UPDATE event_cursor SET position = position + 1000000000"
    ),
    "audit_record_stamped": Effect(
        "audit_record",
        "INSERT INTO audit_record (actor, origin, act, object_type, object_id, reason) VALUES ('a', 'bot', 'a', 'a', 'a', 'a')",
        "SELECT written_as = session_user FROM audit_record ORDER BY id DESC LIMIT 1",
    ),
    "audit_record_append_only": append_only("audit_record", "UPDATE", "DELETE", "TRUNCATE"),
}


def fill() -> None:
    """Make a row in each of the tables; cursors are there since the release, and services write the audit record."""
    somebody = person()
    with transaction.atomic():
        publish(daily(somebody), idempotency_key="schema")
    letter = {"lane": 1, "position": 1, "key": "1"}
    Failure.objects.create(subscriber="a.b", type="game.login", status="dead", **letter)
    Delivery.objects.create(subscriber="a.b", **letter)
    Visit.objects.create(
        subscriber="a.b", lane=1, first_position=1, last_position=2, events=2, outcome="handled", attempt=1,
        process="worker@host 1", started_at=NOON, milliseconds=1.5,
    )  # fmt: skip
    DeferredEvent.objects.create(
        source="a", due_at=NOON, event_id=UUID(int=1), type="game.login", version=1, lane=1, key="1", occurred_at=NOON,
        utc_offset_minutes=0, correlation_id=UUID(int=1), payload="{}",
    )  # fmt: skip
    run_once("schema", timedelta(days=1), lambda: None, now=NOON)
