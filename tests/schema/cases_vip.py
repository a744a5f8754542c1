"""What staff force about VIP and what was told of it: a row of each, and what their tables refuse."""

from datetime import timedelta

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, Effect, Wall, add, audited

OVERRIDE, STANDING = "users_vipoverride", "users_vipstanding"
ENDED = "ended_at = diana_now(), ended_by = 'ana'"

CASES = {
    "users_grant_key_key": Case("users_grant", {"id": "-id", "payment_reference": "NULL"}, of="key IS NOT NULL"),
    "users_grant_duration_fits": Case(
        "users_grant",
        {"duration": "interval '0'"},
        {"duration": "interval '-1 day'"},
        {"duration": "ends_at - starts_at + interval '1 microsecond'"},
    ),
    "users_vipoverride_key_key": Case(OVERRIDE, {"id": "-id", "ended_at": "diana_now()", "ended_by": "'ana'"}),
    "users_vipoverride_mode_known": Case(OVERRIDE, {"mode": "'up'"}),
    "users_vipoverride_ends_after_start": Case(OVERRIDE, {"until": "starts_at"}),
    "users_vipoverride_reason_given": Case(OVERRIDE, {"reason": "''"}, {"reason": "E' \\n'"}),
    "users_vipoverride_by_somebody": Case(OVERRIDE, {"forced_by": "''"}, {"key": "''"}),
    "users_vipoverride_ended_by_somebody": Case(
        OVERRIDE,
        {"ended_at": "diana_now()", "ended_by": "NULL"},
        {"ended_at": "diana_now()", "ended_by": "''"},
        {"ended_at": "NULL", "ended_by": "'ana'"},
    ),
    "users_vipstanding_ends_fit_state": Case(
        STANDING,
        {"state": "'lost'"},
        {"until": "NULL"},
        {"kept_until": "NULL"},
        {"state": "'grace'"},
        {"state": "'grace'", "until": "NULL", "kept_until": "NULL"},
        {"state": "'none'"},
        {"state": "'expired'", "until": "NULL"},
        of="state = 'active'",
    ),
    "users_vipstanding_notice_fits_state": Case(
        STANDING,
        {"hours": "24"},
        {"state": "'expiring'", "hours": "NULL"},
        {"state": "'expiring'", "hours": "48"},
        of="state = 'active'",
    ),
    "users_vipstanding_mode_complete": Case(
        STANDING,
        {"mode": "'on'"},
        {"mode_until": "diana_now()"},
        {"mode": "'up'", "mode_until": "diana_now()"},
        of="mode IS NULL AND mode_until IS NULL",
    ),
}

TRIGGERS: dict[str, Wall | Effect] = {
    "users_vipoverride_guard": Wall(
        OVERRIDE,
        "VIP override",
        f"UPDATE {OVERRIDE} SET until = until + interval '1 day'",
        f"UPDATE {OVERRIDE} SET {ENDED}, reason = 'another'",
        f"UPDATE {OVERRIDE} SET {ENDED}; UPDATE {OVERRIDE} SET ended_at = NULL, ended_by = NULL",
        f"DELETE FROM {OVERRIDE}",
    ),
    "users_vipoverride_stays": Wall(OVERRIDE, "VIP overrides stay", f"TRUNCATE {OVERRIDE} CASCADE"),
    "users_vipoverride_audited": audited(OVERRIDE, f"UPDATE {OVERRIDE} SET {ENDED}"),
}


def fill() -> None:
    """Make a row in each of the tables, and a grant of staff under a key."""
    somebody, until = person(), NOON + timedelta(days=3)
    add(
        "users_grant", person_id=somebody, source="staff", starts_at=NOON, ends_at=until, reason="r", granted_by="ana",
        key="schema",
    )  # fmt: skip
    add(
        OVERRIDE, person_id=somebody, mode="on", starts_at=NOON, until=until, reason="r", forced_by="ana", key="schema",
    )  # fmt: skip
    add(STANDING, person_id=somebody, state="active", until=until, kept_until=until)
