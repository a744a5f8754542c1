"""The challenge of the day: what it is, one step of it, how it went."""

import html
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, callback_data, menu_button, navigation

# Short texts stand beside each other.
SHORT = 12


class Head(NamedTuple):
    """Whose challenge of which day it is, what it is called, and its kind."""

    person_id: int
    day: date
    title: str
    kind: str


def offer(*, head: Head, steps: int, timed: bool) -> Screen:
    """Say what today's challenge is, with a button to begin."""
    lines = [*_title(head), _rules(head.kind)]
    lines.append(ngettext("%(count)s step.", "%(count)s steps.", steps) % {"count": formats.number(steps)})
    if timed:
        lines.append(_("You have 20 seconds for each: the clock runs from when you begin."))
    lines.append(_("Half of it right, and it is done."))
    return Screen("challenge_offer", "\n".join(lines), _keyboard(head, [[_begin(head, _("Begin"), 1)]]))


def step(
    *,
    head: Head,
    attempt: int,
    number: int,
    count: int,
    ask: str,
    options: Sequence[str],
    went: str,
    was: str,
) -> Screen:
    """Show a step. `went` is 1 if the one before was right, 0 if not, "" at the first; `was` is what was right there."""
    lines = [*_title(head), *_last(went, was), f"{number + 1}/{count}", "", _asked(head.kind, ask)]
    labels = [_("True"), _("False")] if head.kind == "true_false" else options
    buttons = [
        InlineKeyboardButton(
            text,
            callback_data=callback_data(
                "challenge", "pick", str(head.person_id), f"{head.day:%Y%m%d}", attempt, number, place
            ),
        )
        for place, text in enumerate(labels)
    ]
    across = 2 if all(len(text) <= SHORT for text in labels) else 1
    rows = [buttons[start : start + across] for start in range(0, len(buttons), across)]
    return Screen("challenge_step", "\n".join(lines), _keyboard(head, rows))


def passed(*, head: Head, score: int) -> Screen:
    """Say that it is done."""
    lines = [*_title(head), "✅ " + _("Done, with %(score)s of 100.") % {"score": score}]
    lines.append(_("Tomorrow there is another one."))
    return Screen("challenge_passed", "\n".join(lines), navigation(head.person_id))


def missed(*, head: Head, score: int, attempt: int, left: int) -> Screen:
    """Say that it was not enough, and offer another attempt if there is one."""
    lines = [*_title(head), _("%(score)s of 100: half of it would have been enough.") % {"score": score}]
    if left <= 0:
        lines.append(_("Tomorrow there is another one."))
        return Screen("challenge_missed", "\n".join(lines), navigation(head.person_id))
    lines.append(
        ngettext("%(count)s attempt left.", "%(count)s attempts left.", left) % {"count": formats.number(left)}
    )
    again = _begin(head, _("Try again"), attempt + 1)
    return Screen("challenge_missed", "\n".join(lines), _keyboard(head, [[again]]))


def _keyboard(head: Head, rows: Sequence[Sequence[InlineKeyboardButton]]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([*rows, [menu_button(head.person_id)]])


def _title(head: Head) -> list[str]:
    return ["<b>" + _("Challenge of the day") + "</b>", html.escape(head.title), ""]


def _rules(kind: str) -> str:
    return {
        "speed": _("Easy questions, one after the other."),
        "true_false": _("Say of each statement whether it is true."),
        "numbers": _("Find the number that comes next."),
        "word_order": _("Put the words of the saying in order, one by one."),
    }.get(kind, "")


def _asked(kind: str, ask: str) -> str:
    """Return the step's question; of a saying the words placed so far."""
    if kind != "word_order":
        return html.escape(ask)
    return _("Which word comes first?") if not ask else html.escape(ask) + " …"


def _last(went: str, was: str) -> list[str]:
    """Say how the step before went."""
    if not went:
        return []
    if went == "1":
        return ["✅ " + _("Right!"), ""]
    return ["❌ " + (_("It was: %(answer)s") % {"answer": html.escape(was)} if was else _("Not this time.")), ""]


def _begin(head: Head, label: str, attempt: int) -> InlineKeyboardButton:
    data = callback_data("challenge", "begin", str(head.person_id), f"{head.day:%Y%m%d}", attempt)
    return InlineKeyboardButton(label, callback_data=data)
