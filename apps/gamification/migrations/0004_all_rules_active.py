"""Switches on the rules of the first version that had waited for the classes of their events."""

from typing import Any

from django.db import migrations

WAITED = [
    "trivia_completed", "story_chapter_completed", "story_decision_made", "community_participation", "group_joined",
    "challenge_completed", "friend_referral", "referral_welcome", "vip_purchase", "subscription_renewal",
    "onboarding_completed", "personality_detected", "tutorial_step_completed", "tutorial_completed", "achievement_unlocked",
]  # fmt: skip


def switch(active: bool) -> Any:
    """Return the step that sets the rules; those that staff have given versions of their own are left alone."""

    def step(apps: Any, schema_editor: Any) -> None:
        rules = apps.get_model("gamification", "Rule").objects.using(schema_editor.connection.alias)
        rules.filter(pk__in=WAITED).exclude(versions__version__gt=1).update(active=active)

    return step


class Migration(migrations.Migration):
    dependencies = [("gamification", "0003_first_rules")]
    operations = [migrations.RunPython(switch(True), switch(False))]
