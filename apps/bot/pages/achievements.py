"""What somebody has unlocked and what is near: the overview, and a page for each category."""

from apps.bot.pages.registry import Request, page
from apps.bot.screens import achievements as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger

# Buttons lead from /achievements to the pages of its categories.
CATEGORY_PAGE = "ach_"


@page("achievements")
def achievements(request: Request) -> Reply:
    """Show the overview."""
    return screen.overview(person_id=request.me, lines=_lines(request.me))


def category(page: str, request: Request) -> Reply:
    """Show the page of a category that a button named, as in ach_social_2."""
    name, _separator, number = page.removeprefix(CATEGORY_PAGE).rpartition("_")
    if not name or not (number.isascii() and number.isdecimal()):
        name, number = page.removeprefix(CATEGORY_PAGE), "1"
    return screen.category(person_id=request.me, category=name, lines=_lines(request.me), page=int(number[:4]))


def _lines(person_id: int) -> list[screen.Line]:
    return [
        screen.Line(a.key, a.title, a.description, a.category, a.tiers, a.next_tier, a.value, a.target, a.times)
        for a in ledger.achievements(person_id)
    ]
