"""The list of commands, and what is said to a command that is none."""

from apps.bot.pages.registry import Request, page
from apps.bot.screens import start
from apps.bot.screens.layout import Reply


@page("help")
def help_(request: Request) -> Reply:
    """List what the bot can do."""
    return start.help_(person_id=request.me)


@page("unknown_command")
def unknown_command(request: Request) -> Reply:
    """Answer a command that is none."""
    return start.unknown_command(person_id=request.me)
