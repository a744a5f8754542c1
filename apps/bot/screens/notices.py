"""What people are told without having asked: one message for each thing, or a digest of several."""

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from apps.bot.screens import formats
from apps.bot.screens.achievement_words import achievement_title, medal, tier_title
from apps.bot.screens.layout import Screen, callback_data

# What nobody can switch off has no button for it.
WITHOUT_MUTE = ("payment", "payment_problem", "refund", "refund_points", "subscription_failed")
# A digest of more would be too long for Telegram, and for people.
MOST_LINES = 20

Local = Callable[[datetime], datetime]


class Part(NamedTuple):
    """One thing to tell: the kind of the notice, the event's fields, and what staff call the achievement that it is about."""

    kind: str
    fields: Mapping[str, Any]
    title: str = ""


def notice(*, person_id: int, parts: Sequence[Part], local: Local, vip_until: datetime | None) -> Screen:
    """Tell one thing, or several in one message, under the screen's name of the first kind. `local` is the person's clock."""
    lines = [_line(part, local, vip_until) for part in parts[:MOST_LINES]]
    if len(parts) > MOST_LINES:
        more = len(parts) - MOST_LINES
        lines.append(ngettext("… and %(count)s more", "… and %(count)s more", more) % {"count": formats.number(more)})
    kind = parts[0].kind
    template = "notice_digest" if len(parts) > 1 else f"notice_{kind}"
    keyboard = None if kind in WITHOUT_MUTE else _keyboard("mute", _("🔕 No more notices"), person_id)
    return Screen(template, "\n".join(lines), keyboard)


def muted(*, person_id: int) -> Screen:
    """Say that nothing more will come, and how to change that."""
    text = _("No more notices from me. I still answer, and I still confirm payments.")
    return Screen("notices_muted", text, _keyboard("unmute", _("🔔 Tell me again"), person_id))


def unmuted(*, person_id: int) -> Screen:
    """Say that notices come again."""
    text = _("I will tell you again what happens, though not in your quiet hours.")
    return Screen("notices_unmuted", text, _keyboard("mute", _("🔕 No more notices"), person_id))


def _keyboard(verb: str, label: str, person_id: int) -> InlineKeyboardMarkup:
    button = InlineKeyboardButton(label, callback_data=callback_data("notices", verb, str(person_id)))
    return InlineKeyboardMarkup([[button]])


def _line(part: Part, local: Local, vip_until: datetime | None) -> str:
    fields = part.fields
    match part.kind:
        case "achievement":
            return _achievement(str(fields["achievement"]), str(fields["tier"]), part.title)
        case "level":
            return "⬆️ " + _("You have reached level %(level)s.") % {"level": html.escape(str(fields["new"]))}
        case "referral":
            return "🤝 " + _("Somebody you invited has stayed. Thank you!")
        case "payment":
            return _payment(int(fields["stars"]), local, vip_until)
        case "payment_problem":
            return _payment_problem(fields)
        case "refund":
            return "\n".join([_refund(fields), *_points_gone(fields)])
        case "refund_points":
            return "\n".join([_("Your payment was given back."), *_points_gone(fields)])
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


def _payment(stars: int, local: Local, vip_until: datetime | None) -> str:
    lines = [
        ngettext(
            "⭐ Thank you! Your payment of %(count)s star has arrived.",
            "⭐ Thank you! Your payment of %(count)s stars has arrived.",
            stars,
        )
        % {"count": formats.number(stars)}
    ]
    if vip_until is not None:
        lines.append(_("VIP until %(date)s") % {"date": _date(vip_until, local)})
    return "\n".join(lines)


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


def _refund(fields: Mapping[str, Any]) -> str:
    stars = fields.get("stars")
    if stars is None:
        return _("Your payment was given back.")
    text = ngettext(
        "Your payment of %(count)s star was given back.", "Your payment of %(count)s stars was given back.", int(stars)
    )
    return text % {"count": formats.number(stars)}


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
