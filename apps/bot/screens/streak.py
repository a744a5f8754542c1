"""The days in a row: how many, the longest, what keeps them, what breaks them, and how a break is repaired."""

from collections.abc import Collection, Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardMarkup

from apps.bot.screens import choices, formats
from apps.bot.screens.layout import Screen, menu_button, navigation
from apps.bot.screens.week import next_milestone, week_row


def streak(
    *,
    person_id: int,
    days: int,
    longest: int,
    done_today: bool,
    freezes_left: int,
    lost: int,
    repair_until: date | None,
    today: date,
    active: Collection[date],
    frozen: Collection[date],
    milestones: Mapping[int, int],
) -> Screen:
    """Show the streak and the week; with a button to repair it while that is possible. `milestones` are lengths that pay."""
    lines = [
        "<b>🔥 "
        + ngettext("Streak: %(count)s day", "Streak: %(count)s days", days) % {"count": formats.number(days)}
        + "</b>",
        week_row(today, active, frozen),
        *next_milestone(days, milestones),
        "",
        ngettext("Your longest: %(count)s day", "Your longest: %(count)s days", longest)
        % {"count": formats.number(longest)},
        ngettext("%(count)s freeze is left this month", "%(count)s freezes are left this month", freezes_left)
        % {"count": formats.number(freezes_left)},
        "",
        _today(days, done_today),
        _("Miss a day and a freeze is used automatically; there are two a month. With none left, the streak ends."),
    ]
    daily = choices.button("🎁 " + _("Today's reward"), "daily", "take", person_id)
    rows = [[daily, menu_button(person_id)]]
    if repair_until is not None:
        lines += ["", _broke(lost, repair_until)]
        rows.insert(0, [choices.button(_("Repair"), "streak", "repair", person_id)])
    return Screen("streak", "\n".join(lines), InlineKeyboardMarkup(rows))


def repaired(*, person_id: int) -> Screen:
    """Say that the streak runs on."""
    return Screen(
        "streak_repaired",
        _("Repaired: your streak runs on. The next repair is possible in 30 days."),
        navigation(person_id),
    )


def _today(days: int, done_today: bool) -> str:
    if done_today:
        return _("Today counts already.")
    if days:
        return _("Do something today to go on: write, or take /daily.")
    return _("No streak runs: write, or take /daily, to begin one.")


def _broke(lost: int, until: date) -> str:
    text = ngettext(
        "Your streak of %(count)s day broke. You can repair it until %(date)s.",
        "Your streak of %(count)s days broke. You can repair it until %(date)s.",
        lost,
    )
    return text % {"count": formats.number(lost), "date": formats.day(until)}
