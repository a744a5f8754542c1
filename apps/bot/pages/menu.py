"""What there is to do: first what pays now."""

from apps.bot.pages import offers
from apps.bot.pages.registry import Request, page
from apps.bot.screens import menu as screen
from apps.bot.screens.layout import Reply


@page("menu")
def menu(request: Request) -> Reply:
    """Show the menu."""
    return build(request)


@page("more")
def more(request: Request) -> Reply:
    """Show what the menu leaves out."""
    return screen.more(person_id=request.me, moment=offers.moment(request))


def build(request: Request, *, joined: bool = False) -> Reply:
    """Return the menu; `joined` greets who has just finished the first steps."""
    return screen.menu(person_id=request.me, moment=offers.moment(request), joined=joined)
