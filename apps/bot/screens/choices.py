"""Buttons for what people choose about themselves, the same in the first steps and in the settings."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton

from apps.bot.screens.layout import callback_data
from apps.users.selectors import REGIONS, Zone

# Each in its own words, so that who cannot read the others finds it.
LANGUAGES = {"en": "English", "es": "Español", "ru": "Русский"}
CITIES_A_PAGE = 10

Row = list[InlineKeyboardButton]


def button(label: str, screen: str, verb: str, person_id: int, *args: str | int) -> InlineKeyboardButton:
    """Return a button that works for this person only."""
    return InlineKeyboardButton(label, callback_data=callback_data(screen, verb, str(person_id), *args))


def marked(label: str, chosen: bool) -> str:
    """Return the label, with a mark if it is what holds."""
    return f"✓ {label}" if chosen else label


def languages(person_id: int, current: str) -> list[Row]:
    """Return a button for each language."""
    return [[button(marked(name, code == current), "set", "lang", person_id, code) for code, name in LANGUAGES.items()]]


def visibilities(person_id: int, current: str) -> list[Row]:
    """Return a button for each way to stand on boards."""
    labels = {"name": _("My name"), "alias": _("An alias"), "hidden": _("Hidden")}
    buttons = [button(marked(label, mode == current), "set", "vis", person_id, mode) for mode, label in labels.items()]
    return [buttons[:2], buttons[2:]]


def regions(person_id: int) -> list[Row]:
    """Return a button for each part of the world, and for UTC."""
    names = {
        "Europe": _("Europe"),
        "America": _("America"),
        "Asia": _("Asia"),
        "Africa": _("Africa"),
        "Australia": _("Australia"),
        "Pacific": _("Pacific"),
        "Atlantic": _("Atlantic"),
        "Indian": _("Indian Ocean"),
    }
    buttons = [button(names[region], "zone", "show", person_id, region, 0) for region in REGIONS]
    buttons.append(button("UTC", "set", "tz", person_id, "UTC"))
    return [buttons[start : start + 2] for start in range(0, len(buttons), 2)]


def cities(person_id: int, region: str, zones: Sequence[Zone], page: int) -> list[Row]:
    """Return a page of cities, each with how far its clock is from UTC now, and the way to the other pages."""
    last = (len(zones) - 1) // CITIES_A_PAGE
    page = min(max(page, 0), last)
    shown = zones[page * CITIES_A_PAGE : (page + 1) * CITIES_A_PAGE]
    buttons = [
        button(f"{zone.city} {offset(zone.offset_minutes)}", "set", "tz", person_id, zone.name) for zone in shown
    ]
    rows = [buttons[start : start + 2] for start in range(0, len(buttons), 2)]
    turns = [button("‹", "zone", "show", person_id, region, page - 1)] if page > 0 else []
    turns.append(button(_("Other region"), "zone", "show", person_id))
    if page < last:
        turns.append(button("›", "zone", "show", person_id, region, page + 1))
    return [*rows, turns]


def offset(minutes: int) -> str:
    """Return how far a clock is ahead of UTC, as in +05:30."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
