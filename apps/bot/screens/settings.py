"""What people have set for themselves, and the buttons to change it."""

import html
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, navigation

# Hours of the person's clock in which no notices come: from, until.
QUIET = ((22, 8), (23, 7), (20, 10), (0, 0))


class Waiting(NamedTuple):
    """The city of the zone that still counts for the person's days, and the date whose midnight there ends that."""

    zone: str
    until: date


class SettingsData(NamedTuple):
    """What the screen shows. `local_time` is what the person's clock says, as in 14:05."""

    person_id: int
    language: str
    timezone: str
    local_time: str
    visibility: str
    notices: bool
    reminders: bool
    quiet: tuple[int, int]
    waiting: Waiting | None = None


def settings(data: SettingsData) -> Screen:
    """Show all of it, with a button for each choice."""
    shown = {"name": _("by name"), "alias": _("by an alias"), "hidden": _("hidden")}
    lines = [
        "<b>" + _("Settings") + "</b>",
        _("Language: %(language)s") % {"language": choices.LANGUAGES[data.language]},
        _("Time zone: %(zone)s, it is %(time)s there")
        % {"zone": html.escape(data.timezone), "time": html.escape(data.local_time)},
        *_waiting(data.waiting),
        _("On boards: %(mode)s") % {"mode": shown[data.visibility]},
        _("Notices: %(state)s") % {"state": _on_off(data.notices)},
        _("Reminders: %(state)s") % {"state": _on_off(data.reminders)},
        _("Quiet hours: %(hours)s") % {"hours": _hours(data.quiet)},
    ]
    me = data.person_id
    shown_as, hidden = choices.visibilities(me, data.visibility)
    rows = [
        *choices.languages(me, data.language),
        shown_as,
        [*hidden, choices.button(_("Time zone"), "zone", "show", me)],
        [
            _switch(me, "notices", _("Notices"), data.notices),
            choices.button("🔔 " + _("Which ones…"), "notices", "show", me),
        ],
        [
            choices.button(choices.marked(_short(hours), hours == data.quiet), "set", "quiet", me, *hours)
            for hours in QUIET
        ],
    ]
    return Screen("settings", "\n".join(lines), InlineKeyboardMarkup([*rows, *navigation(me).inline_keyboard]))


def _waiting(waiting: Waiting | None) -> list[str]:
    if waiting is None:
        return []
    text = _(
        "Your days follow it from midnight in %(zone)s, when %(date)s begins there. Quiet hours follow it at once."
    )
    return [text % {"zone": html.escape(waiting.zone), "date": formats.day(waiting.until)}]


def _switch(person_id: int, key: str, label: str, on: bool) -> InlineKeyboardButton:
    return choices.button(f"{'🔔' if on else '🔕'} {label}", "set", key, person_id, "off" if on else "on")


def _on_off(on: bool) -> str:
    return _("on") if on else _("off")


def _hours(quiet: tuple[int, int]) -> str:
    return f"{quiet[0]}–{quiet[1]}" if quiet[0] != quiet[1] else _("none")


def _short(quiet: tuple[int, int]) -> str:
    """Return the hours for a narrow button."""
    return _hours(quiet) if quiet[0] != quiet[1] else "—"
