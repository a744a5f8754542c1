"""What there is to do: first what pays now and suits the person, the rest one tap further."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, menu_button
from apps.bot.screens.words import duration
from apps.gamification.selectors import Today

BUTTONS_A_ROW = 2
# With *More* there are six.
MOST = 5
# What may pay, in this order; and what there is besides.
PAYING = ("daily", "challenge", "trivia", "story", "welcome", "tutorial", "quiz")
BESIDES = ("top", "points", "achievements", "streak", "profile", "invite", "vip", "settings", "help")
# What comes first, by archetype.
FIRST = {
    "Explorer": ("achievements", "story", "trivia"),
    "Challenger": ("challenge", "trivia", "top"),
    "Storyteller": ("story", "achievements"),
    "Connector": ("invite", "top"),
}


class Moment(NamedTuple):
    """What the menu goes by: the archetype without its side, the pages that can be shown, those of them that pay now, how the
    day's reward stands and how long the date lasts still; `leaves_at` is when the person is deleted, if they asked for it.
    """

    archetype: str
    pages: Collection[str]
    paying: Collection[str]
    today: Today
    wait: timedelta
    leaves_at: datetime | None = None


def menu(*, person_id: int, moment: Moment, joined: bool = False) -> Screen:
    """Show at most six buttons, first what pays now; `joined` just after the first steps."""
    lines = [_("You are all set. Begin with /daily, or with the tutorial."), ""] if joined else []
    lines += ["<b>" + _("What would you like to do?") + "</b>", _today(moment)]
    first = chosen(moment)
    found = buttons(person_id, first)
    if moment.leaves_at is not None:
        lines += [
            "",
            _("You will be deleted on %(date)s.") % {"date": formats.moment(moment.leaves_at)},
        ]
        found.insert(0, choices.button(_("Keep me"), "deleteme", "keep", person_id))
    if _rest(moment, first):
        found.append(choices.button("⋯ " + _("More"), "more", "show", person_id))
    return Screen("menu", "\n".join(lines), _keyboard(found))


def more(*, person_id: int, moment: Moment) -> Screen:
    """Show what the menu leaves out."""
    found = buttons(person_id, _rest(moment, chosen(moment)))
    return Screen("menu_more", "<b>" + _("More") + "</b>", _keyboard([*found, menu_button(person_id)]))


def chosen(moment: Moment) -> list[str]:
    """Return the pages of the menu: those that pay now, then others, each in the person's order."""
    paying = [page for page in _ordered(moment.archetype, PAYING) if page in moment.paying]
    paying.sort(key=lambda page: page != "daily")
    others = [page for page in (*_ordered(moment.archetype, BESIDES), *PAYING) if page not in paying]
    most = MOST if moment.leaves_at is None else MOST - 1
    return [page for page in (*paying, *others) if page in moment.pages][:most]


def buttons(person_id: int, pages: Iterable[str]) -> list[InlineKeyboardButton]:
    """Return a button for each of the pages; that of the daily reward takes it."""
    labels = _labels()
    return [
        choices.button(labels[page], page, "take" if page == "daily" else "show", person_id)
        for page in pages
        if page in labels
    ]


def _rest(moment: Moment, first: Sequence[str]) -> list[str]:
    return [
        page for page in (*PAYING, *BESIDES) if page in moment.pages and page not in first and _is_due(page, moment)
    ]


def _is_due(page: str, moment: Moment) -> bool:
    """Say whether the page has something to show: the first steps only until they are taken."""
    return page != "welcome" or page in moment.paying


def _ordered(archetype: str, pages: Sequence[str]) -> list[str]:
    first = [page for page in FIRST.get(archetype, ()) if page in pages]
    return [*first, *(page for page in pages if page not in first)]


def _today(moment: Moment) -> str:
    match moment.today:
        case "open":
            return "🎁 " + _("Today's reward is waiting.")
        case "suspended":
            return _("Your account is suspended: it earns no points at the moment.")
        case "spent":
            return _("You have earned all the points that one day can give. Tomorrow counts again.")
    return "✅ " + _("Today's reward is taken. Next in %(time)s.") % {"time": duration(moment.wait)}


def _keyboard(found: Sequence[InlineKeyboardButton]) -> InlineKeyboardMarkup:
    rows = [found[start : start + BUTTONS_A_ROW] for start in range(0, len(found), BUTTONS_A_ROW)]
    return InlineKeyboardMarkup(rows)


def _labels() -> dict[str, str]:
    return {
        "daily": "🎁 " + _("Today's reward"),
        "challenge": "🎯 " + _("Challenge"),
        "trivia": "❓ " + _("Trivia"),
        "story": "📖 " + _("Stories"),
        "welcome": "👋 " + _("First steps"),
        "tutorial": "🧭 " + _("Tutorial"),
        "quiz": "🎭 " + _("Quiz"),
        "top": "🏆 " + _("Boards"),
        "points": "💠 " + _("Points"),
        "achievements": "🏅 " + _("Achievements"),
        "streak": "🔥 " + _("Streak"),
        "profile": "🪪 " + _("Profile"),
        "invite": "👥 " + _("Bring a friend"),
        "vip": "⭐ " + _("VIP"),
        "settings": "⚙️ " + _("Settings"),
        "help": "ℹ️ " + _("Help"),
    }
