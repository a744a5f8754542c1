"""The link by which somebody invites, and what came of it."""

from django.conf import settings

from apps.bot import identity
from apps.bot.pages.registry import Request, page
from apps.bot.screens import invite as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users


@page("invite")
def invite(request: Request) -> Reply:
    """Show the link and the numbers; the code is made at the first call."""
    payload = f"r_{users.invite_code(person_id=request.me)}"
    counted = people.invitations(request.me)
    link = identity.link(settings.TELEGRAM_BOT_TOKEN, payload)
    return screen.invite(
        person_id=request.me,
        link=link,
        command=f"/start {payload}",
        came=counted.came,
        stayed=counted.stayed,
        paid=counted.paid,
    )
