"""The first steps of a newcomer: language, clock, boards, consent, and the offer of the quiz."""

import html
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import choices
from apps.bot.screens.layout import Screen, display_name
from apps.users.selectors import Zone

STEPS = 5


def language(*, person_id: int, name: str, current: str) -> Screen:
    """Greet, and ask for the language: the first step."""
    lines = [
        "<b>" + _("Welcome, %(name)s!") % {"name": display_name(name, person_id)} + "</b>",
        "",
        _("You earn points by what you do here, and every point can be explained."),
        "",
        _step(1) + _("In which language shall I speak?"),
    ]
    return Screen("welcome", "\n".join(lines), InlineKeyboardMarkup(choices.languages(person_id, current)))


def times(
    *, person_id: int, current: Zone, offsets: Sequence[int], page: int, now: datetime, first_steps: bool
) -> Screen:
    """Ask what the person's clock says: the second step, and a page of the settings; the present zone is a button."""
    lines = [
        (_step(2) if first_steps else "")
        + _("What time is it where you live? Your days begin and end by your own clock."),
        "",
        _("You can also send /timezone with the name of your city."),
    ]
    back = (
        choices.button(_("‹ Back"), "first", "language", person_id)
        if first_steps
        else choices.button(_("‹ Back"), "settings", "show", person_id)
    )
    rows = choices.times(person_id, offsets, page, now, back)
    return Screen("time_zone", "\n".join(lines), InlineKeyboardMarkup([[_kept(person_id, current, now)], *rows]))


def cities(
    *, person_id: int, zones: Sequence[Zone], page: int, now: datetime, first_steps: bool, word: str = ""
) -> Screen:
    """Ask for the city whose clock is the person's; `word` names the list on buttons to its other pages."""
    text = _("Which city has your clock?")
    keyboard = InlineKeyboardMarkup(choices.cities(person_id, zones, page, now, word))
    return Screen("time_zone_city", (_step(2) if first_steps else "") + text, keyboard)


def unknown_city(*, person_id: int) -> Screen:
    """Say that no city or country is called so, and offer the clock."""
    text = _("I do not know that city. Try a larger one in your time zone, or choose by the time.")
    rows = [[choices.button(_("Choose by the time"), "zone", "show", person_id)]]
    return Screen("unknown_city", text, InlineKeyboardMarkup(rows))


def _kept(person_id: int, current: Zone, now: datetime) -> InlineKeyboardButton:
    shown = choices.zone(person_id, current, now)
    return choices.button(choices.marked(shown.text, True), "set", "tz", person_id, current.name)


def visibility(*, person_id: int, name: str, alias: str, current: str) -> Screen:
    """Ask how boards shall show the person: the third step."""
    lines = [
        _step(3) + _("How shall boards show you?"),
        "",
        _("By name: %(name)s") % {"name": display_name(name, person_id)},
        _("By an alias: %(alias)s") % {"alias": html.escape(alias)},
        _("Hidden: you are on no board, and earn points all the same."),
    ]
    keyboard = InlineKeyboardMarkup(choices.visibilities(person_id, current))
    return Screen("visibility", "\n".join(lines), keyboard)


def consent(*, person_id: int) -> Screen:
    """Ask whether the person agrees to the documents: the fourth step."""
    lines = [
        _step(4) + _("What I keep, and the rules of the game."),
        "",
        _("I keep what you do here, to count your points, and for a week your messages. More stands in /privacy, the rules"
          " in /terms."),
    ]  # fmt: skip
    agree = choices.button(_("I agree to both"), "first", "agree", person_id)
    return Screen("consent", "\n".join(lines), InlineKeyboardMarkup([[agree]]))


def quiz_offer(*, person_id: int) -> Screen:
    """Offer the quiz: the last step."""
    lines = [
        _step(5) + _("Ten taps tell me how you like to play."),
        "",
        _("It is about preferences for play, not a psychological test. It puts the menu in an order that suits you."),
    ]
    rows = [
        [choices.button(_("Take the quiz"), "first", "quiz", person_id)],
        [choices.button(_("Later"), "first", "later", person_id)],
    ]
    return Screen("quiz_offer", "\n".join(lines), InlineKeyboardMarkup(rows))


def _step(number: int) -> str:
    return _("Step %(number)s of %(all)s. ") % {"number": number, "all": STEPS}
