"""Departures and what erasure leaves: a row of each, and what their tables refuse."""

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, Effect, Wall, add, append_only

DEPARTURE, PERSON = "users_departure", "users_person"
ENDED = {"ended_at": "now()", "outcome": "'back'"}
ERASED = "status = 'erased', telegram_id = NULL, first_name = '', last_name = '', username = ''"

CASES = {
    "users_departure_key_key": Case(DEPARTURE, {"id": "-id"} | ENDED),
    "users_departure_one_at_a_time": Case(DEPARTURE, {"id": "-id", "key": "'new'"}, of="ended_at IS NULL"),
    "users_departure_erased_after_it_began": Case(DEPARTURE, {"erase_at": "left_at - interval '1 second'"}),
    "users_departure_key_given": Case(DEPARTURE, {"key": "''"}),
    "users_departure_ended_somehow": Case(
        DEPARTURE, ENDED | {"outcome": "NULL"}, ENDED | {"ended_at": "NULL"}, ENDED | {"outcome": "'lost'"}
    ),
    "users_tombstone_digest_length": Case("users_tombstone", {"digest": "'\\x00'"}),
}

TRIGGERS: dict[str, Wall | Effect] = {
    "users_departure_stays": append_only(DEPARTURE, "DELETE", "TRUNCATE"),
    "users_departure_ends_once": Wall(
        DEPARTURE,
        f"^{DEPARTURE} is append-only: UPDATE",
        f"UPDATE {DEPARTURE} SET ended_at = now(), outcome = 'back'; UPDATE {DEPARTURE} SET outcome = 'erased'",
    ),
    "users_tombstone_stays": append_only("users_tombstone", "UPDATE", "DELETE", "TRUNCATE", column="digest"),
    "users_person_status_guard": Wall(
        PERSON,
        "^Nobody goes from",
        f"UPDATE {PERSON} SET {ERASED}; UPDATE {PERSON} SET status = 'active', telegram_id = id",
        f"UPDATE {PERSON} SET status = 'deletion_requested' WHERE status = 'active';"
        f" UPDATE {PERSON} SET status = 'deactivated'",
    ),
}


def fill() -> None:
    """Make a departure that is not over, and a tombstone."""
    add(DEPARTURE, person_id=person(), left_at=NOON, erase_at=NOON, key="schema")
    add("users_tombstone", digest=bytes(32))
