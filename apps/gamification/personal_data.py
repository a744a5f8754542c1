"""What points keep of people: the ledger under the number, which stays, and the words of staff beside it, which go."""

from datetime import datetime
from typing import Any

from apps.gamification.decide.state import decode
from apps.gamification.models import Account, Entry, Flag, Hold, Progress, Reason, Unlock
from apps.users.privacy import Part

ENTRY = (
    "id", "sequence", "amount", "balance_after", "lifetime_after", "kind", "rule", "rule_version", "base", "multipliers",
    "note", "event_id", "reverses", "occurred_at", "recorded_at", "hash", "reason__text",
)  # fmt: skip


def export(person_id: int) -> dict[str, Any]:
    """Return account, ledger with its hashes, achievements, streak and flags; six queries. Who of the staff acted is left out."""
    accounts = Account.objects.filter(pk=person_id)
    entries = Entry.objects.filter(account_id=person_id).order_by("sequence")
    unlocks = Unlock.objects.filter(account_id=person_id).order_by("pk")
    flags = Flag.objects.filter(account_id=person_id).order_by("pk")
    holds = Hold.objects.filter(account_id=person_id).order_by("pk")
    return {
        "account": accounts.values("balance", "lifetime", "opened_at").first(),
        "ledger": list(entries.values(*ENTRY)),
        "achievements": list(
            unlocks.values("achievement", "tier", "period", "unlocked_at", "quiet", "revoked_at"),
        ),
        "streak": _streak(person_id),
        "flags": list(flags.values("id", "detector", "score", "acts", "since", "last_at", "status", "resolved_at")),
        "held_awards": list(holds.values("flag", "rule", "base", "occurred_at", "status")),
    }


def erase(person_id: int, now: datetime) -> None:
    """Remove what staff wrote beside entries; the entries keep a salted hash of it, and every proof still holds."""
    Reason.objects.filter(entry__account_id=person_id).delete()


def _streak(person_id: int) -> dict[str, Any]:
    document = Progress.objects.filter(pk=person_id).values_list("document", flat=True).first()
    state = decode(document) if document else None
    days = state.streak_days if state else 0
    return {"days": days, "longest": max(days, state.streak.longest) if state and state.streak else days}


PART = Part(
    name="gamification",
    personal=("gamification_reason.*",),
    other=(
        # of nobody
        "gamification_achievement.*",
        "gamification_achievementversion.*",
        "gamification_auditcheckpoint.*",
        "gamification_checkpoint.*",
        "gamification_multiplierversion.*",
        "gamification_rule.*",
        "gamification_rulebook.*",
        "gamification_ruleversion.*",
        "gamification_verification.*",
        # under the number
        "gamification_account.*",
        "gamification_boardchange.*",
        "gamification_boardperson.*",
        "gamification_boardrow.*",
        "gamification_dayscore.*",
        "gamification_entry.*",
        "gamification_flag.*",
        "gamification_hold.*",
        "gamification_progress.*",
        "gamification_staffrequest.*",
        "gamification_unlock.*",
    ),
    export=export,
    erase=erase,
)
