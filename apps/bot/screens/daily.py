"""The daily reward: how today's stands, what the days after it pay, and what the streak leads to."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, menu_button
from apps.bot.screens.menu import buttons
from apps.bot.screens.week import next_milestone, week_row
from apps.bot.screens.words import duration
from apps.gamification.selectors import Step, Today


class Days(NamedTuple):
    """The streak on the person's date: the dates with an act and the frozen ones, and what so many days in a row pay."""

    today: date
    active: Collection[date]
    frozen: Collection[date]
    milestones: Mapping[int, int]


def daily(
    *,
    person_id: int,
    state: Today,
    wait: timedelta,
    steps: Sequence[Step],
    days: Days,
    onward: Sequence[str],
    private: bool = True,
) -> Screen:
    """Show the reward. `wait` is how long the date lasts still, `steps` begin today, `onward` are pages to go on to.

    What was asked for by the act that this screen answers is told below it, once it is decided.
    """
    lines = ["<b>🎁 " + _("Daily reward") + "</b>", state_line(state, wait)]
    if private:
        lines += ["", _("What it pays if you come every day:"), *(_step(step, state, steps[0]) for step in steps)]
    count = steps[0].days
    streak = ngettext("Streak: %(count)s day", "Streak: %(count)s days", count) % {"count": formats.number(count)}
    lines += ["", "🔥 " + streak]
    lines += [week_row(days.today, days.active, days.frozen), *next_milestone(count, days.milestones)]
    rows = [[choices.button(_("Take it"), "daily", "take", person_id)]] if state == "open" else []
    rows += [found] if (found := buttons(person_id, onward)) else []
    more = choices.button("🔥 " + _("Streak"), "streak", "show", person_id)
    return Screen("daily", "\n".join(lines), InlineKeyboardMarkup([*rows, [more, menu_button(person_id)]]))


def state_line(state: Today, wait: timedelta) -> str:
    """Say how the reward of the date stands."""
    match state:
        case "open":
            return "🎁 " + _("Today's reward is waiting.")
        case "suspended":
            return _("Your account is suspended: it earns no points at the moment.")
        case "spent":
            return _("You have earned all the points that one day can give. Tomorrow counts again.")
    return "✅ " + _("Done for today. Next reward in %(time)s.") % {"time": duration(wait)}


def _step(step: Step, state: Today, first: Step) -> str:
    mark = "▫️"
    if step is first:
        mark = "🎁" if state == "open" else "✅" if state == "taken" else "▫️"
    values = {
        "day": formats.number(step.days),
        "points": formats.number(step.points),
        "bonus": formats.number(step.milestone),
    }
    if step.milestone:
        return f"{mark} " + _("Day %(day)s: %(points)s, and %(bonus)s for the streak") % values
    return f"{mark} " + _("Day %(day)s: %(points)s") % values


def awarded(*, person_id: int, amount: int, balance: int) -> Screen:
    """Tell by a message of its own that the reward was given, as a release before did."""
    gained = ngettext("<b>+%(count)s point!</b>", "<b>+%(count)s points!</b>", amount) % {
        "count": formats.number(amount)
    }
    lines = [
        gained,
        _("Your balance: %(balance)s.") % {"balance": formats.number(balance)},
        "",
        _("Come back tomorrow for the next one."),
    ]
    return Screen("daily_awarded", "\n".join(lines), InlineKeyboardMarkup([[menu_button(person_id)]]))


def suppressed(*, person_id: int, reason: str, wait: timedelta) -> Screen:
    """Tell by a message of its own why the reward was not given; `wait` is how long the date lasted still."""
    state: Today = "suspended" if reason == "suspended" else "spent" if reason == "cap" else "taken"
    return Screen("daily_suppressed", state_line(state, wait), InlineKeyboardMarkup([[menu_button(person_id)]]))
