"""Buttons for what people choose about themselves, the same in the first steps and in the settings."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, timezone

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton

from apps.bot.screens import formats
from apps.bot.screens.layout import callback_data
from apps.users.selectors import Zone

# Each in its own words, so that who cannot read the others finds it.
LANGUAGES = {"en": "English", "es": "Español", "ru": "Русский"}
CITIES_A_PAGE = 10
TIMES_A_PAGE, TIMES_A_ROW = 14, 3
# What a page of times is called by its buttons.
_TIMES = "times"

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


def zone(person_id: int, found: Zone, now: datetime) -> InlineKeyboardButton:
    """Return the button of a zone: its city and what its clock says."""
    label = f"{found.city} · {formats.clock_time(_wall(found.offset_minutes, now))}"
    return button(label, "set", "tz", person_id, found.name)


def times(person_id: int, offsets: Sequence[int], page: int, now: datetime, back: InlineKeyboardButton) -> list[Row]:
    """Return a page of what clocks say now, each time once for each day that it is; the way to the other pages, back, and UTC."""
    walls = [_wall(minutes, now) for minutes in offsets]
    labels = [formats.clock_time(wall) for wall in walls]
    # Hawaii and Kiritimati show the same time of two days.
    named = [
        f"{formats.weekday(wall)} {label}" if labels.count(label) > 1 else label
        for wall, label in zip(walls, labels, strict=True)
    ]
    buttons = [
        button(label, "zone", "show", person_id, word_of(minutes))
        for minutes, label in zip(offsets, named, strict=True)
    ]
    shown, others = _page(buttons, TIMES_A_PAGE, page, person_id, _TIMES)
    return [*_rows_of_times(shown, labels), [back, *others, button("UTC", "set", "tz", person_id, "UTC")]]


def _rows_of_times(shown: Row, labels: Collection[str]) -> list[Row]:
    """Return so many buttons in a row as fit a small phone: fewer where one names its day, too."""
    rows: list[Row] = []
    for found in shown:
        last = rows[-1] if rows else []
        most = TIMES_A_ROW if all(known.text in labels for known in (*last, found)) else TIMES_A_ROW - 1
        if not last or len(last) >= most:
            rows.append([])
        rows[-1].append(found)
    return rows


def cities(person_id: int, zones: Sequence[Zone], page: int, now: datetime, word: str = "") -> list[Row]:
    """Return a page of cities, each with what its clock says, and the way to the other pages and times.

    `word` names the list where it has several pages.
    """
    buttons = [zone(person_id, found, now) for found in zones]
    shown, others = _page(buttons, CITIES_A_PAGE, page, person_id, word)
    rows = [shown[start : start + 2] for start in range(0, len(shown), 2)]
    return [*rows, [button(_("Other time"), "zone", "show", person_id), *others]]


def minutes_of(word: str) -> int | None:
    """Return how far a clock is ahead of UTC, as a button of times() carries it; None for what is no such word."""
    sign, digits = word[:1], word[1:]
    if sign not in ("e", "w") or not (digits.isascii() and digits.isdecimal() and len(digits) <= 4):
        return None
    return int(digits) if sign == "e" else -int(digits)


def page_of(offsets: Sequence[int], minutes: int) -> int:
    """Return the page of times() on which the clock is."""
    return list(offsets).index(minutes) // TIMES_A_PAGE if minutes in offsets else 0


def word_of(minutes: int) -> str:
    """Return how far a clock is ahead of UTC as one word for buttons: east or west, and the minutes."""
    return f"{'w' if minutes < 0 else 'e'}{abs(minutes)}"


def _page(buttons: Sequence[InlineKeyboardButton], most: int, page: int, person_id: int, word: str) -> tuple[Row, Row]:
    """Return the buttons of a page, the last one for one too far, and those that lead to its neighbours."""
    last = max((len(buttons) - 1) // most, 0)
    page = min(max(page, 0), last)
    others = [button("‹", "zone", "show", person_id, word, page - 1)] if page > 0 else []
    if page < last:
        others.append(button("›", "zone", "show", person_id, word, page + 1))
    return list(buttons[page * most : (page + 1) * most]), others


def _wall(minutes: int, now: datetime) -> datetime:
    return now.astimezone(timezone(timedelta(minutes=minutes)))
