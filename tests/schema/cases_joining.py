"""First steps, consent, quiz, tutorial, referrals, preferences: a row of each, and what their tables refuse."""

from django.db import connections

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, Effect, Wall, add, append_only

REFERRAL, QUIZ, CONSENT = "users_referral", "users_quizattempt", "users_consent"
QUALIFIED = {"status": "'qualified'", "qualified_at": "now()"}
PAID = QUALIFIED | {"status": "'paid'", "paid_at": "now()", "welcome_event": "gen_random_uuid()"}
LOST = QUALIFIED | {"status": "'lost'", "lost_at": "now()"}
STEPS = {f"{step}_at": "now()" for step in ("daily", "story", "board", "achievement")}
NEW = {"id": "-id", "telegram_id": "telegram_id + 1000000000"}

CASES = {
    "users_person_preferences_shape": Case(
        "users_person", {"preferences": "'[]'"}, {"preferences": "jsonb_build_object('a', repeat('x', 2000))"}
    ),
    "users_person_invite_code_key": Case("users_person", NEW, of="invite_code IS NOT NULL"),
    "users_person_invite_code_characters": Case(
        "users_person", {"invite_code": "'short'"}, {"invite_code": "'a.b.c.d.e.f.'"}
    ),
    "users_person_visibility_known": Case("users_person", {"visibility": "'ghost'"}),
    "users_consent_once": Case(CONSENT, {"id": "-id"}),
    "users_consent_document_known": Case(CONSENT, {"document": "'menu'"}),
    "users_consent_version_given": Case(CONSENT, {"version": "''"}),
    "users_onboarding_step_known": Case(
        "users_onboarding",
        {"step": "'nap'"},
        {"step": "'done'"},
        {"completed_at": "now()"},
        of="completed_at IS NULL",
    ),
    "users_quizattempt_one_at_a_time": Case(QUIZ, {"id": "-id"}, of="finished_at IS NULL"),
    "users_quizattempt_finished_with_archetype": Case(
        QUIZ, {"finished_at": "now()"}, {"archetype": "'explorer'"}, of="finished_at IS NULL"
    ),
    "users_quizattempt_answers_shape": Case(
        QUIZ, {"answers": "'{}'"}, {"answers": "(SELECT jsonb_agg(n) FROM generate_series(1, 11) n)"}
    ),
    "users_tutorial_completed_with_its_steps": Case(
        "users_tutorial",
        STEPS,
        *(STEPS | {"completed_at": "now()", column: "NULL"} for column in STEPS),
        of="completed_at IS NULL",
    ),
    "users_referral_invitee_id_key": Case(REFERRAL, {"id": "-id"}),
    "users_referral_of_another": Case(REFERRAL, {"referrer_id": "invitee_id"}),
    "users_referral_counts": Case(REFERRAL, {"active_days": "-1"}, {"points": "-1"}, {"last_entry": "-1"}),
    "users_referral_status_dated": Case(
        REFERRAL,
        {"status": "'gone'"},
        {"status": "'qualified'"},
        {"qualified_at": "now()"},
        {"lost_at": "now()"},
        QUALIFIED | {"lost_at": "now()"},
        PAID | {"qualified_at": "NULL"},
        PAID | {"lost_at": "now()"},
        LOST | {"lost_at": "NULL"},
        LOST | {"qualified_at": "NULL"},
        of="status = 'open'",
    ),
    "users_referral_paid_by_events": Case(
        REFERRAL,
        PAID | {"welcome_event": "NULL"},
        {"welcome_event": "gen_random_uuid()"},
        {"paid_event": "gen_random_uuid()"},
        of="status = 'open'",
    ),
}

TRIGGERS: dict[str, Wall | Effect] = {
    "users_consent_stays": append_only(CONSENT, "UPDATE", "DELETE", "TRUNCATE"),
    "users_referral_stays": append_only(REFERRAL, "DELETE", "TRUNCATE"),
}


def fill() -> None:
    """Make a row in each of the tables, of somebody who has begun everything and finished nothing."""
    somebody, friend = person(), person()
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE users_person SET invite_code = 'abcdefghijkl' WHERE id = %s", [somebody])
    add(CONSENT, person_id=somebody, document="terms", version="1", given_at=NOON)
    add("users_onboarding", person_id=somebody, step="consent", started_at=NOON, moved_at=NOON)
    add(QUIZ, person_id=somebody, version=1, answers="[]", started_at=NOON, archetype="")
    add("users_tutorial", person_id=somebody, started_at=NOON)
    add(
        REFERRAL, invitee_id=somebody, referrer_id=friend, referred_at=NOON, active_days=0, points=0, last_entry=0,
        status="open",
    )  # fmt: skip
