"""Seeds the rules and bonuses of the first version; those for whose events there is no class yet are inactive.

A new installation begins with the present terms. One that has had others gets them as versions of their own (0067, 0068, 0080, 0083).
"""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations
from django.utils.translation import gettext_noop as _

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
ACTIVE = {"daily_login", "login", "message_sent", "streak_bonus"}

HOURLY = {"capped": True, "multiplied": True}
ONCE = {"capped": False, "multiplied": True, "limits": [{"per": "ever"}]}
PAYMENT = {"capped": False, "multiplied": False, "limits": [{"per": "ever", "key": ["charge"]}]}


def hourly(count: int, *others: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a limit for each clock hour and the others."""
    return [{"per": "hour", "count": count}, *others]


# key, title, event type, base, the rest
RULES: list[tuple[str, str, str, int, dict[str, Any]]] = [
    ("daily_login", _("Daily visit"), "game.daily_login", 50, HOURLY | {"limits": [{"per": "day"}]}),
    ("login", _("Coming back"), "game.login", 10, HOURLY | {"limits": hourly(10)}),
    (
        "message_sent", _("Message"), "game.message_sent", 5,
        HOURLY | {"limits": hourly(100), "conditions": [{"field": "place", "equals": "group"}]},
    ),
    (
        "trivia_completed", _("Trivia"), "game.trivia_completed", 100,
        HOURLY | {
            "limits": hourly(20, {"per": "30days", "key": ["question"]}),
            "conditions": [{"field": "correct", "equals": True}, {"field": "milliseconds - shortest_milliseconds", "minimum": 0}],
        },
    ),
    (
        "story_chapter_completed", _("Chapter of a story"), "narrative.chapter_completed", 150,
        HOURLY | {"limits": hourly(10, {"per": "ever", "key": ["story", "chapter"]})},
    ),
    (
        "story_decision_made", _("Decision in a story"), "narrative.decision_made", 25,
        HOURLY | {"limits": hourly(50, {"per": "ever", "key": ["story", "chapter"]})},
    ),
    (
        "community_participation", _("Taking part"), "game.community_participation", 30,
        HOURLY | {"limits": hourly(50, {"per": "day", "count": 20}), "conditions": [{"field": "kind", "equals": "reaction"}]},
    ),
    (
        "group_joined", _("Joining a group"), "game.community_participation", 30,
        HOURLY | {
            "limits": hourly(50, {"per": "ever", "key": ["chat"]}),
            "conditions": [{"field": "kind", "equals": "join"}],
        },
    ),
    (
        "challenge_completed", _("Challenge"), "game.challenge_completed", 200,
        HOURLY | {"limits": hourly(10, {"per": "ever", "key": ["challenge"]})},
    ),
    (
        "friend_referral", _("Invited friend"), "user.referral_qualified", 500,
        {"capped": False, "multiplied": False, "limits": [{"per": "30days", "count": 20}]},
    ),
    ("referral_welcome", _("Welcome gift"), "user.referral_completed", 50, ONCE),
    (
        "vip_purchase", _("VIP purchase"), "payment.succeeded", 0,
        PAYMENT | {"conditions": [{"field": "first", "equals": True}]},
    ),
    (
        "subscription_renewal", _("Subscription renewed"), "payment.succeeded", 0,
        PAYMENT | {"conditions": [{"field": "first", "equals": False}, {"field": "recurring", "equals": True}]},
    ),
    ("onboarding_completed", _("First steps"), "user.onboarding_completed", 50, ONCE),
    ("personality_detected", _("Personality quiz"), "user.personality_detected", 50, ONCE),
    (
        "tutorial_step_completed", _("Step of the tutorial"), "user.tutorial_step_completed", 15,
        ONCE | {"limits": [{"per": "ever", "key": ["step"]}]},
    ),
    ("tutorial_completed", _("Tutorial"), "user.tutorial_completed", 40, ONCE),
    (
        "achievement_unlocked", _("Achievement"), "game.achievement_unlocked", 0,
        {
            "capped": False, "multiplied": False, "limits": hourly(20),
            "amounts": {"field": "tier", "table": {"bronze": 20, "silver": 60, "gold": 200, "single": 40, "secret": 75}},
        },
    ),
    (
        "streak_bonus", _("Streak"), "game.streak_extended", 0,
        {
            "capped": False, "multiplied": True, "limits": [{"per": "ever", "key": ["since", "days"]}],
            "amounts": {"field": "days", "table": {"7": 50, "30": 250, "100": 1000, "365": 5000}},
        },
    ),
]  # fmt: skip

BONUSES = {
    "vip": 5000,
    "streak": {"basis_points": 500, "every": 5, "at_most": 3000},
    "level": {"basis_points": 100, "every": 5, "at_most": 1000},
    "windows": [],
    "windows_at_most": 10_000,
    "bonuses_at_most": 2000,
    "factor_at_most": 30_000,
    "daily_cap": 800,
    "level_table": 1,
}


def seed(apps: Any, schema_editor: Any) -> None:
    """Write version 1 of everything; as the owner, who migrates. What stayed when this was taken back is left as it is."""
    alias = schema_editor.connection.alias
    rule, version, bonuses = (apps.get_model("gamification", m) for m in ("Rule", "RuleVersion", "MultiplierVersion"))
    if rule.objects.using(alias).exists():
        return
    for key, title, event_type, base, rest in RULES:
        rule.objects.using(alias).create(key=key, title=title, active=key in ACTIVE)
        version.objects.using(alias).create(
            rule_id=key, version=1, active_from=BEGINNING, event_type=event_type, base=base, created_by="seed", **rest
        )
    bonuses.objects.using(alias).create(version=1, active_from=BEGINNING, config=BONUSES, created_by="seed")


class Migration(migrations.Migration):
    dependencies = [("gamification", "0002_ledger")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
