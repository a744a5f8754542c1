"""Seeds the achievements of the first version, all active; a new installation begins with the present terms (0068)."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations
from django.utils.translation import gettext_noop as _

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
TUTORIAL_STEPS = ["daily", "story", "board", "achievement"]
# What somebody does of their own accord. A login alone would not do: it tells only of acts after half an hour of silence.
ACTS = [
    "game.login", "game.message_sent", "game.daily_login", "game.trivia_completed", "game.challenge_completed",
    "game.community_participation", "narrative.decision_made", "narrative.chapter_completed",
]  # fmt: skip


def on(*types: str, **equals: object) -> list[dict[str, Any]]:
    """Return triggers of these types whose fields have these values."""
    conditions = [{"field": name, "equals": value} for name, value in equals.items()]
    return [{"type": t, "conditions": conditions} if conditions else {"type": t} for t in types]


def metals(bronze: int, silver: int, gold: int) -> list[dict[str, Any]]:
    """Return three tiers."""
    return [
        {"tier": "bronze", "target": bronze},
        {"tier": "silver", "target": silver},
        {"tier": "gold", "target": gold},
    ]


def one(target: int = 1) -> list[dict[str, Any]]:
    """Return the tier of what has no tiers."""
    return [{"tier": "single", "target": target}]


def hidden(target: int = 1) -> list[dict[str, Any]]:
    """Return the tier of a secret that has no tiers."""
    return [{"tier": "secret", "target": target}]


CORRECT = on("game.trivia_completed", correct=True)
PARTS = [{"achievement": key, "tier": "silver"} for key in ("page_turner", "many_paths", "secret_keeper")]
LONG_AWAY = [{"type": "user.returned", "conditions": [{"field": "days_away", "minimum": 7}]}]

# key, title, description, category, strategy, configuration, tiers, the rest
ACHIEVEMENTS: list[tuple[str, str, str, str, str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]] = [
    (
        "first_steps", _("First Steps"), _("Finish the introduction."), "progress",
        "first_event", {"on": on("user.onboarding_completed")}, one(), {},
    ),
    (
        "know_thyself", _("Know Thyself"), _("Find out how you like to play."), "discovery",
        "first_event", {"on": on("user.personality_detected")}, one(), {},
    ),
    (
        "graduate", _("Graduate"), _("Take every step of the tutorial."), "progress",
        "set", {"on": on("user.tutorial_step_completed"), "field": "step", "members": TUTORIAL_STEPS}, one(4), {},
    ),
    (
        "regular", _("Regular Guest"), _("Come by many days in a row."), "engagement",
        "streak", {}, metals(7, 30, 100), {},
    ),
    (
        "century_club", _("Century Club"), _("Come by every day for a year."), "engagement",
        "streak", {}, hidden(365), {"secret": True, "bonuses": {"secret": 500}},
    ),
    (
        "early_bird", _("Early Bird"), _("Be here between 5 and 9 in the morning."), "engagement",
        "calendar", {"on": on(*ACTS), "from_minute": 300, "to_minute": 540}, metals(5, 25, 100), {},
    ),
    (
        "night_owl", _("Night Owl"), _("Be here between midnight and 4."), "engagement",
        "calendar", {"on": on(*ACTS), "from_minute": 0, "to_minute": 240}, metals(5, 25, 100), {},
    ),
    (
        "page_turner", _("Page Turner"), _("Finish chapters of the stories."), "narrative",
        "counter", {"on": on("narrative.chapter_completed"), "once_per": ["story", "chapter"]}, metals(2, 4, 8), {},
    ),
    (
        "decider", _("Decider"), _("Make decisions in the stories."), "narrative",
        "counter", {"on": on("narrative.decision_made"), "once_per": ["story", "chapter"]}, metals(2, 4, 8), {},
    ),
    (
        "many_paths", _("Many Paths"), _("See different endings."), "narrative",
        "distinct", {"on": on("narrative.ending_discovered"), "by": ["story", "ending"]}, metals(1, 2, 4), {},
    ),
    (
        "secret_keeper", _("Secret Keeper"), _("Find what is hidden in the stories."), "discovery",
        "distinct", {"on": on("narrative.secret_found"), "by": ["secret"]}, metals(1, 2, 4), {"secret": True},
    ),
    (
        "quick_mind", _("Quick Mind"), _("Answer trivia correctly."), "mastery",
        "counter", {"on": CORRECT}, metals(10, 100, 500), {},
    ),
    (
        "sharpshooter", _("Sharpshooter"), _("Be right in four of five trivia answers."), "mastery",
        "ratio", {"on": on("game.trivia_completed"), "good": [{"field": "correct", "equals": True}], "percent": 80},
        metals(20, 50, 100), {},
    ),
    (
        "lightning_round", _("Lightning Round"), _("Give five correct answers within a minute."), "mastery",
        "window", {"on": CORRECT, "seconds": 60}, hidden(5), {"secret": True},
    ),
    (
        "challenger", _("Challenger"), _("Complete challenges."), "mastery",
        "counter", {"on": on("game.challenge_completed")}, metals(5, 25, 100), {},
    ),
    (
        "point_collector", _("Point Collector"), _("Earn points."), "progress",
        "lifetime_points", {}, metals(1000, 10_000, 50_000), {},
    ),
    ("climber", _("Climber"), _("Reach higher levels."), "progress", "level", {}, metals(5, 15, 30), {}),
    (
        "podium", _("Podium"), _("Be among the first of a week."), "mastery",
        "rank", {"board": "weekly", "at_least_ranked": 20}, metals(10, 3, 1),
        {"repeatable": True, "bonuses": {"gold": 1000}},
    ),
    (
        "connector", _("Connector"), _("Invite friends who stay."), "social",
        "counter", {"on": on("user.referral_qualified")}, metals(1, 5, 20), {},
    ),
    (
        "voice", _("Voice"), _("Write messages in groups."), "social",
        "counter", {"on": on("game.message_sent", place="group")}, metals(100, 1000, 10_000), {},
    ),
    (
        "welcome_back", _("Welcome Back"), _("Return after a week or more."), "engagement",
        "first_event", {"on": LONG_AWAY}, hidden(), {"secret": True},
    ),
    (
        "weekend_hero", _("Weekend Hero"), _("Be here on four weekends in a row."), "engagement",
        "calendar", {"on": on(*ACTS), "weekdays": [5, 6], "count": "weeks", "in_a_row": True}, one(4), {},
    ),
    (
        "vip_member", _("VIP Member"), _("Be a VIP, and stay one."), "progress",
        "counter", {"on": on("vip.granted", "vip.renewed")}, metals(1, 3, 12), {},
    ),
    (
        "explorer", _("Trailblazer"), _("Know pages, paths and secrets of the stories."), "discovery",
        "composite", {"parts": PARTS}, one(3), {"bonuses": {"single": 500}},
    ),
    (
        "anniversary", _("Anniversary"), _("Be here for years."), "engagement",
        "anniversary", {}, metals(1, 2, 3), {},
    ),
    ("staff_pick", _("Staff Pick"), _("Be noticed by those who run this place."), "social", "manual", {}, one(), {}),
]  # fmt: skip


def seed(apps: Any, schema_editor: Any) -> None:
    """Write version 1 of everything; as the owner, who migrates. What stayed when this was taken back is left as it is."""
    alias = schema_editor.connection.alias
    achievement, version = (apps.get_model("gamification", m) for m in ("Achievement", "AchievementVersion"))
    if achievement.objects.using(alias).exists():
        return
    for key, title, description, category, strategy, config, tiers, rest in ACHIEVEMENTS:
        achievement.objects.using(alias).create(
            key=key,
            title=title,
            description=description,
            category=category,
            secret=rest.get("secret", False),
            repeatable=rest.get("repeatable", False),
            active=True,
        )
        version.objects.using(alias).create(
            achievement_id=key,
            version=1,
            active_from=BEGINNING,
            strategy=strategy,
            config=config,
            tiers=tiers,
            bonuses=rest.get("bonuses", {}),
            created_by="seed",
        )


class Migration(migrations.Migration):
    dependencies = [("gamification", "0021_achievement_walls")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
