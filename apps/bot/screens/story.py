"""Stories: the shelf, a page, a decision, an ending."""

import html
from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens.layout import Screen, callback_data, navigation

# How much is there, and how much of it somebody has.
Part = tuple[int, int]


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
    return Screen(
        "story_shelf", "\n".join(text), InlineKeyboardMarkup([*buttons, *navigation(person_id).inline_keyboard])
    )


def leaf(*, person_id: int, leaf: Leaf, came_by: str) -> Screen:
    """Show a page that another one follows; `came_by` tells what the last decision led to."""
    button = _button(person_id, _("Read on"), "turn", leaf.story, leaf.chapter, leaf.page)
    return Screen("story_page", "\n".join(_page(leaf, came_by)), InlineKeyboardMarkup([[button]]))


def decision(
    *,
    person_id: int,
    leaf: Leaf,
    came_by: str,
    ask: str,
    choices: Sequence[tuple[str, str]],
    hint: str,
    found: str,
) -> Screen:
    """Show the last page of a chapter with what can be chosen; `hint` is a small button, `found` what it has shown."""
    text = _page(leaf, came_by)
    if found:
        text += ["", html.escape(found)]
    text += ["", f"<b>{html.escape(ask)}</b>"]
    rows = [[_button(person_id, say, "choose", leaf.story, leaf.chapter, key)] for key, say in choices]
    if hint:
        rows.append([_button(person_id, hint, "look", leaf.story, leaf.chapter)])
    return Screen("story_decision", "\n".join(text), InlineKeyboardMarkup(rows))


def ending(*, person_id: int, story: str, came_by: str, title: str, text: str) -> Screen:
    """Show how the story ended, and offer to read it again."""
    lines = [html.escape(came_by), "", f"<b>{html.escape(title)}</b>", "", html.escape(text), "", _("The end.")]
    lines.append(_("Other decisions lead to other pages: read it again."))
    shelf_button = InlineKeyboardButton(_("All stories"), callback_data=callback_data("story", "show", str(person_id)))
    rows = [[_button(person_id, _("Read it again"), "again", story)], [shelf_button]]
    return Screen("story_ending", "\n".join(lines).strip(), InlineKeyboardMarkup(rows))


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
