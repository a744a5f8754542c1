"""What to do about a bot that is too much: mute it, take a break, be deleted."""

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices
from apps.bot.screens.layout import Screen


def stop(*, person_id: int) -> Screen:
    """Offer less of the bot, the smallest step first."""
    lines = [
        "<b>" + _("Too much of me?") + "</b>",
        "",
        "🔕 " + _("Mute: I only answer, and confirm payments."),
        "⏸ " + _("Take a break: you leave the leaderboards, and I stay silent until you write again."),
        "🗑 " + _("Delete: I ask once more, and you have a week to change your mind."),
    ]
    rows = [
        [choices.button("🔕 " + _("Mute all notices"), "notices", "mute", person_id)],
        [choices.button("⏸ " + _("Take a break"), "privacy", "pause", person_id)],
        [choices.button("🗑 " + _("Delete my data…"), "deleteme", "show", person_id)],
        [choices.button("‹ " + _("Menu"), "menu", "show", person_id)],
    ]
    return Screen("stop", "\n".join(lines), InlineKeyboardMarkup(rows))
