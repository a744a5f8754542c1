"""Notices: a row, and what their table refuses."""

from uuid import UUID

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, add

CASES = {
    "bot_notice_event_id_key": Case("bot_notice", {"id": "-id"}),
    "bot_notice_kind_known": Case("bot_notice", {"kind": "'gossip'"}),
    "bot_notice_done_or_open": Case(
        "bot_notice",
        {"done_at": "now()", "outcome": "NULL"},
        {"done_at": "NULL", "outcome": "'sent'"},
        {"done_at": "now()", "outcome": "'lost'"},
    ),
    "bot_notice_not_due_before": Case("bot_notice", {"due_at": "created_at - interval '1 second'"}),
}


def fill() -> None:
    """Make a notice that waits."""
    moments = {"created_at": NOON, "due_at": NOON}
    add("bot_notice", person_id=person(), kind="level", fields='{"level": 2}', event_id=UUID(int=7), **moments)
