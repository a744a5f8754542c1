"""What somebody has unlocked, and how far they have come with the rest: an overview, and a page for each category."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.achievement_units import in_units
from apps.bot.screens.achievement_words import (
    CATEGORIES,
    achievement_description,
    achievement_title,
    category_label,
    category_title,
    medal,
    tier_title,
)
from apps.bot.screens.bars import bar
from apps.bot.screens.layout import Screen, callback_data, menu_button

NEAREST = 3
PER_PAGE = 10
BUTTONS_IN_A_ROW = 2


class Line(NamedTuple):
    """An achievement. `tiers` are held, the best last; `value` of `target` leads to `next_tier`, "" when there is none."""

    key: str
    title: str
    description: str
    category: str
    tiers: Sequence[str]
    next_tier: str
    value: int
    target: int
    times: int = 1


def overview(*, person_id: int, lines: Sequence[Line]) -> Screen:
    """Show how many of each category are unlocked, and what is near."""
    unlocked = sum(bool(line.tiers) for line in lines)
    text = [_("<b>Achievements: %(unlocked)s of %(all)s</b>") % {"unlocked": unlocked, "all": len(lines)}, ""]
    for category, of_it in _by_category(lines).items():
        had = sum(bool(line.tiers) for line in of_it)
        text.append(f"{category_title(category)}: {had}/{len(of_it)}")
    near = sorted((line for line in lines if 0 < line.value < line.target), key=_way_left)[:NEAREST]
    if near:
        text += ["", "<b>" + _("Within reach") + "</b>", *(_entry(line) for line in near)]
    elif not unlocked:
        text += ["", _("Nothing yet: everything you do here counts.")]
    return Screen("achievements", "\n".join(text), _keyboard(person_id, lines))


def category(*, person_id: int, category: str, lines: Sequence[Line], page: int = 1) -> Screen:
    """Show the achievements of a category, so many on a page; of all lines, as the buttons name the other categories."""
    of_it = _by_category(lines).get(category, [])
    pages = max(-(-len(of_it) // PER_PAGE), 1)
    page = min(max(page, 1), pages)
    text = [f"<b>{category_title(category)}</b>" + (f" {page}/{pages}" if pages > 1 else ""), ""]
    text += [_entry(line) for line in of_it[(page - 1) * PER_PAGE : page * PER_PAGE]] or [_("Nothing here yet.")]
    following = page_name(category, page + 1) if page < pages else ""
    return Screen("achievements", "\n".join(text), _keyboard(person_id, lines, here=category, following=following))


def page_name(category: str, page: int = 1) -> str:
    """Return the name of a page of a category, as buttons carry it."""
    return f"ach_{category}" + (f"_{page}" if page > 1 else "")


def _entry(line: Line) -> str:
    title = achievement_title(line.key, line.title)
    if not line.tiers:
        head = f"▫️ {title}"
    else:
        best = tier_title(line.tiers[-1])
        times = f" ×{formats.number(line.times)}" if line.times > 1 else ""
        head = f"{medal(line.tiers[-1])} <b>{title}</b>" + (f" · {best}" if best else "") + times
    text = [head, achievement_description(line.key, line.description)]
    if line.next_tier and line.target > 1:
        counted, towards = in_units(line.key, line.value, line.target), tier_title(line.next_tier)
        text.append(f"{bar(line.value, line.target)} {counted}" + (f" · {towards}" if towards else ""))
    return "\n".join(text)


def _way_left(line: Line) -> float:
    return 1 - line.value / line.target


def _by_category(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Return the lines by category, in the order in which the categories are named."""
    found: dict[str, list[Line]] = {name: [] for name in CATEGORIES}
    for line in lines:
        found.setdefault(line.category, []).append(line)
    return {name: of_it for name, of_it in found.items() if of_it}


def _keyboard(person_id: int, lines: Sequence[Line], *, here: str = "", following: str = "") -> InlineKeyboardMarkup:
    """Return a button to each other category, to the next page if there is one, and the other screens."""
    places = [(page_name(name), category_label(name)) for name in _by_category(lines) if name != here]
    if here:
        places.append(("achievements", _("Overview")))
    if following:
        places.append((following, _("More")))
    buttons = [
        InlineKeyboardButton(label, callback_data=callback_data(name, "show", str(person_id))) for name, label in places
    ]
    buttons.append(menu_button(person_id))
    return InlineKeyboardMarkup([buttons[n : n + BUTTONS_IN_A_ROW] for n in range(0, len(buttons), BUTTONS_IN_A_ROW)])
