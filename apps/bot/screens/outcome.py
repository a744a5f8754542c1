"""What an act earned, in a line below the screen that answers it."""

import html
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.bot.screens import formats
from apps.bot.screens.achievement_words import achievement_title, medal, tier_title
from apps.bot.screens.words import note
from diana.events import Envelope


def outcome(events: Sequence[Envelope], titles: Mapping[str, str]) -> str:
    """Return the lines that tell these events, Telegram's HTML; `titles` are the staff's names of achievements.

    What was suppressed is said where nothing was earned.
    """
    first = " · ".join([*_points(events), *_level(events), *_streak(events)])
    lines = [f"✨ {first}"] if first else []
    lines += [_achievement(event, events, titles) for event in _loud(events)]
    return "\n".join(lines or _nothing(events))


def points(amount: int) -> str:
    """Return a number of points that were earned."""
    return f"<b>{formats.signed(amount)}</b>"


def _of(events: Sequence[Envelope], kind: str) -> list[Envelope]:
    return [event for event in events if event.type == kind]


def _points(events: Sequence[Envelope]) -> list[str]:
    earned = sum(int(event.fields["amount"]) for event in _of(events, "game.points_awarded"))
    return [points(earned)] if earned else []


def _level(events: Sequence[Envelope]) -> list[str]:
    reached = [int(event.fields["new"]) for event in _of(events, "game.level_up")]
    return [_("level %(level)s") % {"level": max(reached)}] if reached else []


def _streak(events: Sequence[Envelope]) -> list[str]:
    days = [int(event.fields["days"]) for event in _of(events, "game.streak_extended")]
    if not days:
        return []
    return ["🔥 " + ngettext("%(count)s day", "%(count)s days", max(days)) % {"count": formats.number(max(days))}]


def _loud(events: Sequence[Envelope]) -> list[Envelope]:
    return [event for event in _of(events, "game.achievement_unlocked") if not event.fields["quiet"]]


def _achievement(unlocked: Envelope, events: Sequence[Envelope], titles: Mapping[str, str]) -> str:
    key, tier = str(unlocked.fields["achievement"]), str(unlocked.fields["tier"])
    named = tier_title(tier)
    title = achievement_title(key, titles.get(key, "")) + (f" ({named})" if named else "")
    text = f"{medal(tier)} " + _("Unlocked: %(title)s") % {"title": f"<b>{title}</b>"}
    paid = [event for event in _of(events, "game.points_awarded") if event.causation_id == unlocked.event_id]
    return text + "".join(f" ({formats.signed(int(event.fields['amount']))})" for event in paid)


def _nothing(events: Sequence[Envelope]) -> list[str]:
    for event in _of(events, "game.points_suppressed"):
        if (event.fields["rule"], event.fields["reason"]) == ("daily_login", "limit"):
            return [_("Today's reward was taken before.")]
        return [html.escape(_("No points:")) + " " + note(str(event.fields["reason"]))]
    return []
