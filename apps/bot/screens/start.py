"""The first words, the list of commands, and what is said about a command that is not there."""

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.menu import COMMANDS
from apps.bot.screens.layout import Screen, display_name, menu_button, navigation


def welcome(*, person_id: int, name: str) -> Screen:
    """Greet a person who said /start."""
    lines = [
        "<b>" + _("Welcome, %(name)s!") % {"name": display_name(name, person_id)} + "</b>",
        "",
        _("You earn points by what you do here: take the daily reward, come back, write in groups."),
        _("Every point can be explained: ask /points."),
        "",
        _("Start with /daily."),
    ]
    return Screen("welcome", "\n".join(lines), navigation(person_id))


def help_(*, person_id: int) -> Screen:
    """List the commands by what they are for."""
    lines = ["<b>" + _("What I can do") + "</b>"]
    for title, commands in _groups().items():
        lines += ["", f"<b>{title}</b>", *(f"/{command} – {COMMANDS[command]}" for command in commands)]
    return Screen("help", "\n".join(lines), navigation(person_id, here="help"))


def _groups() -> dict[str, tuple[str, ...]]:
    """Return the commands by what they are for; each stands in one group."""
    return {
        _("Earn points"): ("daily", "trivia", "challenge", "story", "invite"),
        _("Your game"): ("menu", "points", "profile", "streak", "achievements", "top"),
        _("Get to know it"): ("start", "tutorial", "quiz", "help"),
        _("VIP and payments"): ("vip", "paysupport"),
        _("Settings and data"): ("settings", "timezone", "stop", "privacy", "terms", "export", "deleteme"),
    }


def unknown_command(*, person_id: int) -> Screen:
    """Answer a command that is not there."""
    text = _("I do not know this command. /help lists those I know.")
    return Screen("unknown_command", text, InlineKeyboardMarkup([[menu_button(person_id)]]))


def private_only(*, person_id: int, link: str = "") -> Screen:
    """Say in a group that the answer is nobody else's business; the link opens it in the person's own chat."""
    return Screen("private_only", _("That is between the two of us: write to me in our own chat."), to_own_chat(link))


def to_own_chat(link: str) -> InlineKeyboardMarkup | None:
    """Return a button to the person's own chat, None without a link."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(_("Open our chat"), url=link)]]) if link else None
