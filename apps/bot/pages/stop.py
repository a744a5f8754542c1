"""The ways to less: silence, a break, deletion."""

from apps.bot.pages.registry import Request, page
from apps.bot.screens import stop as screen
from apps.bot.screens.layout import Reply


@page("stop", private=True)
def stop(request: Request) -> Reply:
    """Offer them."""
    return screen.stop(person_id=request.me)
