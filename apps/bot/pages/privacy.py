"""What is known of a person, the rules of the game, and a break from it."""

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import privacy as screen
from apps.bot.screens.layout import Reply
from apps.users import services as users


@page("privacy")
def privacy(request: Request) -> Reply:
    """Show what is kept and how long."""
    return screen.privacy(person_id=request.me)


@page("terms")
def terms(request: Request) -> Reply:
    """Show the rules."""
    return screen.terms(person_id=request.me)


@verb("privacy", "pause")
def pause(request: Request) -> Reply:
    """Take the person off boards until they come back."""
    users.deactivate(person_id=request.me, key=request.key("pause"), now=request.now)
    return screen.paused(person_id=request.me)
