"""Switching notices off and on again, by the button below each of them."""

from apps.bot.pages.registry import Request, verb
from apps.bot.screens import notices as screen
from apps.bot.screens.layout import Reply
from apps.users import services as users


@verb("notices", "mute")
def mute(request: Request) -> Reply:
    """Tell the person nothing more that they have not asked for."""
    users.change_preferences(person_id=request.me, changes={"notices": False}, now=request.now, key=request.key("mute"))
    return screen.muted(person_id=request.me)


@verb("notices", "unmute")
def unmute(request: Request) -> Reply:
    """Tell them again."""
    users.change_preferences(
        person_id=request.me, changes={"notices": True}, now=request.now, key=request.key("unmute")
    )
    return screen.unmuted(person_id=request.me)
