"""The words for what the ledger names by keys: rules, bonuses, levels, reasons. Unknown keys are shown as they came."""

import html
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bot.screens import formats

RULES: dict[str, Promise | str] = {
    "daily_login": _("Daily reward"),
    "login": _("Coming by"),
    "message_sent": _("Message"),
    "trivia_completed": _("Trivia answered"),
    "story_chapter_completed": _("Chapter finished"),
    "story_decision_made": _("Decision in a story"),
    "community_participation": _("Taking part"),
    "group_joined": _("Joining a group"),
    "challenge_completed": _("Challenge"),
    "friend_referral": _("Friend invited"),
    "referral_welcome": _("Invited by a friend"),
    "vip_purchase": _("VIP bought"),
    "subscription_renewal": _("VIP renewed"),
    "onboarding_completed": _("First steps"),
    "personality_detected": _("Quiz finished"),
    "tutorial_step_completed": _("Step of the tutorial"),
    "tutorial_completed": _("Tutorial finished"),
    "achievement_unlocked": _("Achievement"),
    "streak_bonus": _("Streak"),
}
# From here on minutes do not matter any more.
HOURS_OF_TWO_DAYS = 48
KINDS: dict[str, Promise | str] = {
    "staff_award": _("From the staff"),
    "penalty": _("Penalty"),
    "reversal": _("Correction"),
}
# Of an award that is taken back; "short" alone is said of a penalty.
TAKEN_BEFORE = _("a penalty had taken it before")
BONUSES: dict[str, Promise | str] = {
    "vip": _("VIP"),
    "streak": _("streak"),
    "level": _("level"),
    "event": _("event"),
    "bonus": _("achievements"),
}
NOTES: dict[str, Promise | str] = {
    "limit": _("limit reached"),
    "cap": _("the day's points are used up"),
    "suspended": _("account suspended"),
    "short": _("more than there was"),
    "less": _("less, because other penalties or corrections take the rest"),
    "more": _("more, because after other corrections the penalty took more"),
    "recomputed": _("paid afterwards: there was room again"),
    "abuse": _("too much at once"),
}


def entry_title(kind: str, rule: str, title: str) -> str:
    """Return what an entry is called: by its kind if people made it, else by its rule; `title` is the staff's name of it."""
    named = str(RULES.get(rule) or title or rule)
    if kind == "reversal" and named:
        return html.escape(f"{KINDS[kind]}: {named}")
    return html.escape(str(KINDS.get(kind) or named))


def bonus(key: str, basis_points: int) -> str:
    """Return a bonus as people read it, as in "VIP +50%"."""
    return f"{html.escape(str(BONUSES.get(key, key)))} {formats.percent(basis_points)}"


def note(text: str, kind: str = "") -> str:
    """Return why an act earned nothing or less; the ledger writes `limit` or, with what fell away, `cap=15`."""
    return " · ".join(_note(part, kind) for part in text.split(","))


def _note(text: str, kind: str) -> str:
    key, _separator, number = text.partition("=")
    said = TAKEN_BEFORE if (kind, key) == ("reversal", "short") else NOTES.get(key, key)
    return html.escape(str(said)) + (f" ({formats.number(int(number))})" if number.isdecimal() else "")


def duration(wait: timedelta) -> str:
    """Return how long something lasts still, rounded up to the minute: days and hours, hours and minutes, or minutes."""
    hours, minutes = divmod(-(-wait // timedelta(minutes=1)), 60)
    if hours >= HOURS_OF_TWO_DAYS:
        return gettext("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}
    if not hours:
        return gettext("%(minutes)s min") % {"minutes": minutes}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}


def level_title(title: str) -> str:
    """Return the title of a level in the person's language."""
    return html.escape(gettext(title))
