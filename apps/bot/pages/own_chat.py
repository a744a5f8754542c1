"""Links from a group to a page in the person's own chat, and what is said where only that may show it."""

from django.conf import settings

from apps.bot import identity
from apps.bot.menu import COMMANDS
from apps.bot.pages.registry import PAGES, Request
from apps.bot.screens import start
from apps.bot.screens.layout import Reply
from apps.users import selectors as people

PREFIX = "p_"


def elsewhere(request: Request, page: str) -> Reply:
    """Say that the page is nobody else's business, with a button to it."""
    return start.private_only(person_id=request.me, link=link_to(page))


def link_to(page: str) -> str:
    """Return the link that opens the page, the menu for one without a command; "" while the bot's name is not known."""
    return identity.link(settings.TELEGRAM_BOT_TOKEN, PREFIX + (page if _has_link(page) else "menu"))


def page_of(payload: str) -> str | None:
    """Return the page that a start link's payload names, None if it names none."""
    page = payload.removeprefix(PREFIX)
    return page if payload.startswith(PREFIX) and _has_link(page) else None


def is_shown_by_name(request: Request) -> bool:
    """Say whether boards show the person by name: who is not must not be found out by what a group reads."""
    return people.visibility(request.me) == "name"


def _has_link(page: str) -> bool:
    return page in COMMANDS and page in PAGES
