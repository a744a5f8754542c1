"""What there is to do, first what suits the person."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices
from apps.bot.screens.layout import Screen

BUTTONS_A_ROW = 2
# What comes first, by archetype; the others follow in the order of _labels.
FIRST = {
    "Explorer": ("achievements", "story", "trivia"),
    "Challenger": ("challenge", "trivia", "top"),
    "Storyteller": ("story", "achievements"),
    "Connector": ("invite", "top"),
}


def menu(*, person_id: int, archetype: str, pages: Collection[str], joined: bool = False) -> Screen:
    """Show a button for each of these pages; `archetype` without its side, `joined` just after the first steps."""
    lines = [_("You are all set. Begin with /daily, or with the tutorial."), ""] if joined else []
    lines += ["<b>" + _("What would you like to do?") + "</b>", _("Today's reward waits at /daily.")]
    labels = _labels()
    buttons = [
        choices.button(labels[page], page, "show", person_id)
        for page in order(archetype, list(labels))
        if page in pages
    ]
    rows = [buttons[start : start + BUTTONS_A_ROW] for start in range(0, len(buttons), BUTTONS_A_ROW)]
    return Screen("menu", "\n".join(lines), InlineKeyboardMarkup(rows))


def order(archetype: str, pages: list[str]) -> list[str]:
    """Return the pages, those that suit the archetype first."""
    first = [page for page in FIRST.get(archetype, ()) if page in pages]
    return [*first, *(page for page in pages if page not in first)]


def _labels() -> dict[str, str]:
    return {
        "story": "📖 " + _("Stories"),
        "trivia": "❓ " + _("Trivia"),
        "challenge": "🎯 " + _("Challenge"),
        "top": "🏆 " + _("Boards"),
        "achievements": "🏅 " + _("Achievements"),
        "streak": "🔥 " + _("Streak"),
        "invite": "👥 " + _("Bring a friend"),
        "tutorial": "🧭 " + _("Tutorial"),
        "quiz": "🎭 " + _("Quiz"),
        "vip": "⭐ " + _("VIP"),
        "profile": "🪪 " + _("Profile"),
        "points": "💠 " + _("Points"),
        "settings": "⚙️ " + _("Settings"),
        "help": "ℹ️ " + _("Help"),
    }
