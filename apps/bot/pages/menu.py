"""What there is to do, in the person's order."""

from apps.bot.pages.registry import PAGES, Request, page
from apps.bot.screens import menu as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people


@page("menu")
def menu(request: Request) -> Reply:
    """Show the menu."""
    return build(request)


def build(request: Request, *, joined: bool = False) -> Reply:
    """Return the menu; `joined` greets who has just finished the first steps."""
    archetype = people.main_archetype(people.archetype(request.me))
    return screen.menu(person_id=request.me, archetype=archetype, pages=PAGES, joined=joined)
