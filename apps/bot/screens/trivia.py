"""A question with four answers, and what came of the one that was chosen."""

import html
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, callback_data, menu_button, navigation


def question(*, person_id: int, asked_id: int, ask: str, answers: Sequence[str]) -> Screen:
    """Show the question; each answer is a button that knows its place, not whether it is right."""
    lines = ["<b>" + _("Trivia") + "</b>", "", html.escape(ask)]
    buttons = [
        [InlineKeyboardButton(text, callback_data=callback_data("trivia", "answer", str(person_id), asked_id, place))]
        for place, text in enumerate(answers)
    ]
    return Screen("trivia_question", "\n".join(lines), InlineKeyboardMarkup([*buttons, [menu_button(person_id)]]))


def answered(*, person_id: int, ask: str, chosen: str, right: str, why: str, correct: bool, too_fast: bool) -> Screen:
    """Say whether it was right, which one is, and why."""
    verdict = "✅ " + _("Right!") if correct else "❌ " + _("Not this time.")
    lines = [f"<b>{verdict}</b>", "", html.escape(ask)]
    if not correct:
        lines.append(_("You said: %(answer)s") % {"answer": html.escape(chosen)})
    lines += [_("The answer: %(answer)s") % {"answer": f"<b>{html.escape(right)}</b>"}, "", html.escape(why)]
    if correct and too_fast:
        lines += ["", _("That was too fast to count: no points this time.")]
    button = InlineKeyboardButton(_("Next question"), callback_data=callback_data("trivia", "show", str(person_id)))
    return Screen("trivia_answered", "\n".join(lines), InlineKeyboardMarkup([[button], [menu_button(person_id)]]))


def resting(*, person_id: int, until: date | None) -> Screen:
    """Say that all questions were asked, and from which day on the first comes back."""
    lines = [_("You have had every question there is.")]
    if until is not None:
        lines.append(_("The first one comes back on %(date)s.") % {"date": formats.day(until)})
    return Screen("trivia_resting", "\n".join(lines), navigation(person_id))
