"""The answer to a message that is no command: what there is to do."""

from apps.bot.pages import menu
from apps.bot.pages.registry import Request, page
from apps.bot.screens import guidance as screen
from apps.bot.screens.layout import Reply, Screen


@page("guidance", private=True)
def guidance(request: Request) -> Reply:
    """Show the menu under a line that says why."""
    shown = menu.build(request)
    if not isinstance(shown, Screen):
        return shown
    return Screen("guidance", f"{screen.lead()}\n\n{shown.text}", shown.keyboard)
