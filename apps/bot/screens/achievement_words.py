"""The words for achievements, by their keys. What staff have added is shown as they wrote it."""

import html

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: dict[str, Promise | str] = {
    "first_steps": _("First Steps"),
    "know_thyself": _("Know Thyself"),
    "graduate": _("Graduate"),
    "regular": _("Regular Guest"),
    "century_club": _("Century Club"),
    "early_bird": _("Early Bird"),
    "night_owl": _("Night Owl"),
    "page_turner": _("Page Turner"),
    "decider": _("Decider"),
    "many_paths": _("Many Paths"),
    "secret_keeper": _("Secret Keeper"),
    "quick_mind": _("Quick Mind"),
    "sharpshooter": _("Sharpshooter"),
    "lightning_round": _("Lightning Round"),
    "challenger": _("Challenger"),
    "point_collector": _("Point Collector"),
    "climber": _("Climber"),
    "podium": _("Podium"),
    "connector": _("Connector"),
    "voice": _("Voice"),
    "welcome_back": _("Welcome Back"),
    "weekend_hero": _("Weekend Hero"),
    "vip_member": _("VIP Member"),
    "explorer": _("Trailblazer"),
    "anniversary": _("Anniversary"),
    "staff_pick": _("Staff Pick"),
}
DESCRIPTIONS: dict[str, Promise | str] = {
    "first_steps": _("Finish the introduction."),
    "know_thyself": _("Find out how you like to play."),
    "graduate": _("Take every step of the tutorial."),
    "regular": _("Come by many days in a row."),
    "century_club": _("Come by every day for a year."),
    "early_bird": _("Be here between 5 and 9 in the morning."),
    "night_owl": _("Be here between midnight and 4."),
    "page_turner": _("Finish chapters of the stories."),
    "decider": _("Make decisions in the stories."),
    "many_paths": _("See different endings."),
    "secret_keeper": _("Find what is hidden in the stories."),
    "quick_mind": _("Answer trivia correctly."),
    "sharpshooter": _("Be right in four of five trivia answers."),
    "lightning_round": _("Give five correct answers within a minute."),
    "challenger": _("Complete challenges."),
    "point_collector": _("Earn points."),
    "climber": _("Reach higher levels."),
    "podium": _("Be among the first of a week."),
    "connector": _("Invite friends who stay."),
    "voice": _("Write messages in groups."),
    "welcome_back": _("Return after a week or more."),
    "weekend_hero": _("Be here on four weekends in a row."),
    "vip_member": _("Be a VIP, and stay one."),
    "explorer": _("Know pages, paths and secrets of the stories."),
    "anniversary": _("Be here for years."),
    "staff_pick": _("Be noticed by those who run this place."),
}
CATEGORIES: dict[str, Promise | str] = {
    "progress": _("Progress"),
    "social": _("Company"),
    "narrative": _("Stories"),
    "discovery": _("Discovery"),
    "mastery": _("Mastery"),
    "engagement": _("Staying"),
}
TIERS: dict[str, Promise | str] = {"bronze": _("bronze"), "silver": _("silver"), "gold": _("gold")}
MEDALS = {"bronze": "🥉", "silver": "🥈", "gold": "🥇", "single": "🏅", "secret": "🗝"}


def achievement_title(key: str, title: str) -> str:
    """Return what an achievement is called; `title` is the staff's name of it."""
    return html.escape(str(TITLES.get(key) or title or key))


def achievement_description(key: str, description: str) -> str:
    """Return what it takes."""
    return html.escape(str(DESCRIPTIONS.get(key) or description))


def category_title(category: str) -> str:
    """Return the name of a category, for use in HTML."""
    return html.escape(category_label(category))


def category_label(category: str) -> str:
    """Return the name of a category for a button, where Telegram reads no HTML."""
    return str(CATEGORIES.get(category, category))


def tier_title(tier: str) -> str:
    """Return the name of a tier; "" for what has no tiers."""
    return html.escape(str(TIERS.get(tier, "")))


def medal(tier: str) -> str:
    """Return the sign of a tier."""
    return MEDALS.get(tier, "🏅")
