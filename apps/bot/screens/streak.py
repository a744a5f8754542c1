"""The days in a row: how many, the longest, what keeps them, what breaks them, and how a break is repaired."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.layout import Screen, callback_data, navigation


def streak(
    *,
    person_id: int,
    days: int,
    longest: int,
    done_today: bool,
    freezes_left: int,
    lost: int,
    repair_until: date | None,
) -> Screen:
    """Show the streak; with a button to repair it while that is possible."""
    lines = [
        "<b>"
        + ngettext("Streak: %(count)s day", "Streak: %(count)s days", days) % {"count": formats.number(days)}
        + "</b>",
        ngettext("Your longest: %(count)s day", "Your longest: %(count)s days", longest)
        % {"count": formats.number(longest)},
        ngettext("%(count)s freeze is left this month", "%(count)s freezes are left this month", freezes_left)
        % {"count": formats.number(freezes_left)},
        "",
        _today(days, done_today),
        _("A day without you takes a freeze by itself; there are two a month. With none left, the streak breaks."),
    ]
    keyboard = navigation(person_id)
    if repair_until is not None:
        lines += ["", _broke(lost, repair_until)]
        button = InlineKeyboardButton(_("Repair"), callback_data=callback_data("streak", "repair", str(person_id)))
        keyboard = InlineKeyboardMarkup([[button], *keyboard.inline_keyboard])
    return Screen("streak", "\n".join(lines), keyboard)


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
