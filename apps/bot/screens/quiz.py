"""The quiz: what it is, its questions, what it has found."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, menu_button, navigation
from apps.bot.screens.quiz_words import MEANINGS, SCENES, STATEMENTS, named

QUESTIONS = len(SCENES) + len(STATEMENTS)


def intro(*, person_id: int) -> Screen:
    """Say what the quiz is, and what it is not."""
    lines = [
        "<b>" + _("How do you like to play?") + "</b>",
        "",
        _("Ten taps. It is about preferences for play, not a psychological test."),
        _("It puts your menu and tutorial in order, and lets you compare yourself with people who play like you."),
    ]
    rows = [[choices.button(_("Begin"), "quiz", "begin", person_id)], [menu_button(person_id)]]
    return Screen("quiz", "\n".join(lines), InlineKeyboardMarkup(rows))


def question(*, person_id: int, attempt_id: int, number: int, order: Sequence[int]) -> Screen:
    """Ask a question, `number` from 0; `order` is that of a scene's answers, as dimensions."""
    head = "<b>" + _("Question %(number)s of %(all)s") % {"number": number + 1, "all": QUESTIONS} + "</b>"
    if number < len(SCENES):
        text, answers = SCENES[number]
        lines = [str(text), "", *(f"{place}. {answers[d]}" for place, d in enumerate(order, start=1))]
        values = [(str(place), d) for place, d in enumerate(order, start=1)]
    else:
        lines = [f"«{STATEMENTS[number - len(SCENES)]}»", "", _("1 – not me at all, 5 – exactly me")]
        values = [(str(mark), mark) for mark in range(1, 6)]
    row = [choices.button(label, "quiz", "answer", person_id, attempt_id, number, value) for label, value in values]
    return Screen("quiz_question", "\n".join([head, "", *lines]), InlineKeyboardMarkup([row, [menu_button(person_id)]]))


def result(*, person_id: int, archetype: str, side: str, again: date | None) -> Screen:
    """Show what was found; `again`: the day from which on the quiz can be taken again, None from now on."""
    lines = [
        "<b>" + _("Your play style: %(archetype)s") % {"archetype": named(archetype, side)} + "</b>",
        "",
        str(MEANINGS.get(archetype, "")),
        _("It is about preferences for play, not a psychological test."),
    ]
    rows = []
    if again is None:
        rows.append([choices.button(_("Take it again"), "quiz", "begin", person_id)])
    else:
        lines.append(_("You can take it again from %(date)s on.") % {"date": formats.day(again)})
    return Screen(
        "quiz_result", "\n".join(lines), InlineKeyboardMarkup([*rows, *navigation(person_id).inline_keyboard])
    )
