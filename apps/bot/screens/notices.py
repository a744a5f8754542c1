"""What people are told without having asked: one message for each thing, or a digest of several."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.notices.subjects import SUBJECTS, subject_of
from apps.bot.screens import choices, formats
from apps.bot.screens.achievement_words import achievement_title, medal, tier_title
from apps.bot.screens.layout import Screen, menu_button
from apps.bot.screens.outcome import points
from apps.bot.screens.receipts import Local, declined, purchase, refund
from apps.bot.screens.words import entry_title

# A digest of more would be too long for Telegram, and for people.
MOST_LINES = 20
BUTTONS_A_ROW = 2


class Part(NamedTuple):
    """One thing to tell: the kind of the notice, the event's fields, and what staff call the achievement that it is about."""

    kind: str
    fields: Mapping[str, Any]
    title: str = ""


def notice(*, person_id: int, parts: Sequence[Part], local: Local, vip_until: datetime | None) -> Screen:
    """Tell one thing, or several in one message, under the screen's name of the first kind. `local` is the person's clock.

    Of several levels the highest is told.
    """
    kind = parts[0].kind
    template = "notice_digest" if len(parts) > 1 else f"notice_{kind}"
    parts = _without_lower_levels(parts)
    lines = [_line(part, local, vip_until) for part in parts[:MOST_LINES]]
    if len(parts) > MOST_LINES:
        more = len(parts) - MOST_LINES
        lines.append(ngettext("… and %(count)s more", "… and %(count)s more", more) % {"count": formats.number(more)})
    subjects = list(dict.fromkeys(subject for part in parts if (subject := subject_of(part.kind))))
    # A receipt has nothing to switch off.
    keyboard = InlineKeyboardMarkup(_mutes(person_id, subjects)) if subjects else None
    return Screen(template, "\n".join(lines), keyboard)


def muted(*, person_id: int, subject: str = "") -> Screen:
    """Say that nothing more will come of this subject, of all without one, and how to change that."""
    if subject:
        text = _("Muted: %(subject)s. All else goes on.") % {"subject": _names()[subject]}
    else:
        text = _("No more notices from me. I still answer, and I still confirm payments.")
    back = [choices.button(_("🔔 Tell me again"), "notices", "unmute", person_id, *_words(subject))]
    return Screen("notices_muted", text, InlineKeyboardMarkup([back, _ways_on(person_id)]))


def unmuted(*, person_id: int, subject: str = "") -> Screen:
    """Say that notices of this subject come again, all without one."""
    text = _("I will tell you again what happens, though not in your quiet hours.")
    again = [choices.button(_("🔕 No more notices"), "notices", "mute", person_id, *_words(subject))]
    return Screen("notices_unmuted", text, InlineKeyboardMarkup([again, _ways_on(person_id)]))


def switches(*, person_id: int, notices: bool, subjects: Mapping[str, bool]) -> Screen:
    """Show a switch for all notices, and one for each subject while they are not all off."""
    lines = [
        "<b>" + _("Notices") + "</b>",
        _("What I tell you without being asked. Receipts of payments always come."),
    ]
    rows = [[_switch(person_id, "all", _("All notices"), notices)]]
    if notices:
        each = [_switch(person_id, subject, _names()[subject], subjects[subject]) for subject in SUBJECTS]
        rows += _rows(each)
    rows.append([choices.button("‹ " + _("Settings"), "settings", "show", person_id)])
    return Screen("notices", "\n".join(lines), InlineKeyboardMarkup(rows))


def _without_lower_levels(parts: Sequence[Part]) -> list[Part]:
    highest = max((part for part in parts if part.kind == "level"), key=lambda part: part.fields["new"], default=None)
    return [part for part in parts if part.kind != "level" or part is highest]


def _mutes(person_id: int, subjects: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    """Return a button for each of these subjects, and one for all."""
    buttons = [choices.button("🔕 " + _names()[each], "notices", "mute", person_id, each) for each in subjects]
    buttons.append(choices.button("🔕 " + _("All notices"), "notices", "mute", person_id))
    return _rows(buttons)


def _rows(buttons: Sequence[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    return [list(buttons[start : start + BUTTONS_A_ROW]) for start in range(0, len(buttons), BUTTONS_A_ROW)]


def _ways_on(person_id: int) -> list[InlineKeyboardButton]:
    return [
        choices.button("⚙️ " + _("Notices"), "notices", "show", person_id),
        menu_button(person_id),
    ]


def _switch(person_id: int, key: str, label: str, on: bool) -> InlineKeyboardButton:
    mark, other = ("🔔", "off") if on else ("🔕", "on")
    return choices.button(f"{mark} {label}", "notices", "set", person_id, key, other)


def _words(subject: str) -> list[str]:
    return [subject] if subject else []


def _names() -> dict[str, str]:
    return {
        "achievements": _("Achievements"),
        "levels": _("Points, levels"),
        "referrals": _("Invitations"),
        "vip_changes": _("VIP"),
        "reminders": _("Reminders"),
    }


def _line(part: Part, local: Local, vip_until: datetime | None) -> str:
    fields = part.fields
    match part.kind:
        case "achievement":
            return _achievement(str(fields["achievement"]), str(fields["tier"]), part.title)
        case "level":
            return "⬆️ " + _("You have reached level %(level)s.") % {"level": html.escape(str(fields["new"]))}
        case "points":
            return f"✨ {points(int(fields['amount']))} {entry_title('award', str(fields['rule']), '')}"
        case "referral":
            return "🤝 " + _("Somebody you invited has stayed. Thank you!")
        case "payment":
            return purchase(fields, local, vip_until)
        case "payment_problem":
            return _payment_problem(fields)
        case "refund":
            return "\n".join([refund(fields), *_points_gone(fields)])
        case "refund_points":
            return "\n".join([_("Your payment was given back."), *_points_gone(fields)])
        case "refund_declined":
            return declined(fields)
        case "subscription_failed":
            return "⚠️ " + _(
                "Your subscription could not be paid. If that stays so, it ends. Look at it in Telegram: Settings,"
                " Telegram Stars, Subscriptions."
            )
        case "reminder":
            return "👋 " + _("You were about to settle in, and a few steps are left. /start takes you there.")
    return _vip(part.kind, fields, local)


def _achievement(key: str, tier: str, title: str) -> str:
    named = tier_title(tier)
    title = achievement_title(key, title) + (f" ({named})" if named else "")
    return f"{medal(tier)} " + _("Unlocked: %(title)s") % {"title": f"<b>{title}</b>"}


def _payment_problem(fields: Mapping[str, Any]) -> str:
    """Say that a payment gave nothing, and what happens with it; `problem` is why."""
    stars = int(fields.get("stars", 0))
    came = ngettext(
        "Your payment of %(count)s star has arrived, but it gave nothing yet.",
        "Your payment of %(count)s stars has arrived, but it gave nothing yet.",
        stars,
    ) % {"count": formats.number(stars)}
    if fields.get("problem") == "failed":
        follows = _("That was our mistake. It will be made good, or given back.")
    else:
        follows = _("It fits no bill of yours, so it will be given back.")
    number = _("Questions: /paysupport, payment No. %(number)s.") % {"number": fields.get("charge", "–")}
    return "\n".join(("⚠️ " + came, follows, number))


def _points_gone(fields: Mapping[str, Any]) -> list[str]:
    """Return what a refund took along: points, and levels if any went."""
    points, old, new = (int(fields.get(name, 0)) for name in ("points", "old", "new"))
    if "points" not in fields:
        return []
    text = ngettext("%(count)s point for it was taken back.", "%(count)s points for it were taken back.", points) % {
        "count": formats.number(points)
    }
    if new == old:
        return [text]
    return [text, _("That took you from level %(old)s to level %(new)s.") % {"old": old, "new": new}]


def _vip(kind: str, fields: Mapping[str, Any], local: Local) -> str:
    until = fields.get("until")
    date = _date(datetime.fromisoformat(until), local) if until else ""
    match kind:
        case "vip_granted":
            return "⭐ " + (_("You are VIP until %(date)s.") % {"date": date} if date else _("You are VIP."))
        case "vip_expiring":
            hours = int(fields["hours"])
            return "⏳ " + ngettext(
                "Your VIP ends in %(count)s hour. /vip keeps it.",
                "Your VIP ends in %(count)s hours. /vip keeps it.",
                hours,
            ) % {"count": formats.number(hours)}
        case "vip_grace":
            text = _("Your VIP is over. What it gave is kept until %(date)s: /vip keeps it for longer.")
            return "⏳ " + text % {"date": date}
        case "vip_expired":
            return _("Your VIP is over. /vip brings it back.")
    return _("Your VIP was taken back.")


def _date(moment: datetime, local: Local) -> str:
    return formats.moment(local(moment))
