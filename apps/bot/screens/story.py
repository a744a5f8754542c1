"""Stories: the shelf, a page, a decision, a page behind the reader, an ending."""

import html
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens.layout import Screen, callback_data, menu_button

# How much is there, and how much of it somebody has.
Part = tuple[int, int]
# Chapter and number of a page beside the one that is shown, None where there is none.
Beside = tuple[str, int] | None


class Line(NamedTuple):
    """A story on the shelf; `open` while somebody is in the middle of it."""

    key: str
    title: str
    about: str
    chapters: Part
    endings: Part
    secrets: Part
    open: bool


class Leaf(NamedTuple):
    """A page of a chapter; pages count from 0."""

    story: str
    chapter: str
    title: str
    page: int
    pages: int
    text: str


def shelf(*, person_id: int, lines: Sequence[Line]) -> Screen:
    """List the stories, how far one has come with each, and a button to go on."""
    text = ["<b>" + _("Stories in which you decide") + "</b>"]
    for line in lines:
        text += ["", f"<b>{html.escape(line.title)}</b>", html.escape(line.about), _progress(line)]
    buttons = [[_button(person_id, _label(line), "open", line.key)] for line in lines]
    return Screen("story_shelf", "\n".join(text), InlineKeyboardMarkup([*buttons, [menu_button(person_id)]]))


def leaf(*, person_id: int, leaf: Leaf, came_by: str, back: Beside) -> Screen:
    """Show a page that another one follows; `came_by` tells what the last decision led to."""
    button = _button(person_id, _("Read on"), "turn", leaf.story, leaf.chapter, leaf.page)
    return Screen("story_page", "\n".join(_page(leaf, came_by)), _keyboard(person_id, leaf.story, back, [[button]]))


def decision(
    *,
    person_id: int,
    leaf: Leaf,
    came_by: str,
    ask: str,
    choices: Sequence[tuple[str, str]],
    hint: str,
    found: str,
    back: Beside,
) -> Screen:
    """Show the last page of a chapter with what can be chosen; `hint` is a small button, `found` what it has shown."""
    text = [*_page(leaf, came_by), *_asked(ask, found)]
    rows = [[_button(person_id, say, "choose", leaf.story, leaf.chapter, key)] for key, say in choices]
    if hint:
        rows.append([_button(person_id, hint, "look", leaf.story, leaf.chapter)])
    return Screen("story_decision", "\n".join(text), _keyboard(person_id, leaf.story, back, rows))


def past(
    *, person_id: int, leaf: Leaf, came_by: str, ask: str, chosen: str, found: str, back: Beside, forward: Beside
) -> Screen:
    """Show a page from which the reader has gone on, on the last one what they chose; nothing can be chosen anew."""
    text = _page(leaf, came_by)
    if ask:
        text += [*_asked(ask, found), f"✓ {html.escape(chosen)}"]
    text += ["", "<i>" + _("You are looking back. Your decisions stay.") + "</i>"]
    target = ("page", leaf.story, *forward) if forward else ("open", leaf.story)
    on = _button(person_id, _("Forward ›"), *target)
    rows = [[_back(person_id, leaf.story, back), on], [menu_button(person_id)]]
    return Screen("story_past", "\n".join(text), InlineKeyboardMarkup(rows))


def ending(
    *,
    person_id: int,
    story: str,
    came_by: str,
    title: str,
    text: str,
    number: int,
    endings: int,
    found: int,
    back: Beside,
) -> Screen:
    """Show how the story ended, which of its endings that was and how many the person has found; offer to read it again."""
    counted = {"number": number, "all": endings, "found": found}
    lines = [html.escape(came_by), "", f"<b>{html.escape(title)}</b>", "", html.escape(text), "", _("The end.")]
    lines.append(_("Ending %(number)s of %(all)s · found so far: %(found)s of %(all)s") % counted)
    is_all = found >= endings
    lines.append(
        _("You have found every ending.") if is_all else _("Other decisions lead to other pages: read it again.")
    )
    shelf_button = InlineKeyboardButton(_("All stories"), callback_data=callback_data("story", "show", str(person_id)))
    rows = [[_button(person_id, _("Read it again"), "again", story)], [shelf_button]]
    return Screen("story_ending", "\n".join(lines).strip(), _keyboard(person_id, story, back, rows))


def _keyboard(
    person_id: int, story: str, back: Beside, rows: Sequence[Sequence[InlineKeyboardButton]]
) -> InlineKeyboardMarkup:
    """Return the buttons of a screen, and below them one page back and the menu."""
    return InlineKeyboardMarkup([*rows, [_back(person_id, story, back), menu_button(person_id)]])


def _back(person_id: int, story: str, back: Beside) -> InlineKeyboardButton:
    """Return the button to the page before, to the shelf from the first one."""
    if back is None:
        return InlineKeyboardButton(_("‹ Back"), callback_data=callback_data("story", "show", str(person_id)))
    return _button(person_id, _("‹ Back"), "page", story, *back)


def _asked(ask: str, found: str) -> list[str]:
    return [*(["", html.escape(found)] if found else []), "", f"<b>{html.escape(ask)}</b>"]


def _page(leaf: Leaf, came_by: str) -> list[str]:
    head = f"<b>{html.escape(leaf.title)}</b>" + (f" · {leaf.page + 1}/{leaf.pages}" if leaf.pages > 1 else "")
    return [*([html.escape(came_by), ""] if came_by else []), head, "", html.escape(leaf.text)]


def _progress(line: Line) -> str:
    counted = {"read": line.chapters[0], "chapters": line.chapters[1], "seen": line.endings[0]}
    counted |= {"endings": line.endings[1], "found": line.secrets[0], "secrets": line.secrets[1]}
    return _("Chapters %(read)s/%(chapters)s · endings %(seen)s/%(endings)s · secrets %(found)s/%(secrets)s") % counted


def _label(line: Line) -> str:
    return f"▶ {line.title}" if line.open else f"📖 {line.title}"


def _button(person_id: int, label: str, verb: str, *args: str | int) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=callback_data("story", verb, str(person_id), *args))
