"""A copy of one's data, and the way out: nobody else's business, so all of it in the person's own chat."""

import gzip
from datetime import datetime

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import leaving as screen
from apps.bot.screens.layout import Reply
from apps.users import selectors as people
from apps.users import services as users

# Telegram takes 50 MB; JSON shrinks to a tenth.
COMPRESSED_ABOVE = 10_000_000


@page("export", private=True)
def export(request: Request) -> Reply:
    """Send everything that is known about the person."""
    content = users.export_person(person_id=request.me, key=request.key("export"), now=request.now)
    compressed = len(content) > COMPRESSED_ABOVE
    if compressed:
        content = gzip.compress(content)
    return screen.copy(person_id=request.me, content=content, compressed=compressed)


@page("deleteme", private=True)
def deleteme(request: Request) -> Reply:
    """Ask whether the person means it; whoever has asked already sees when it happens and how to undo it."""
    due = people.erasure_due(request.me)
    if due is not None:
        return screen.requested(person_id=request.me, due=_local(request, due))
    return screen.confirm(person_id=request.me, due=_local(request, request.now + users.TIME_TO_UNDO))


@verb("deleteme", "yes")
def yes(request: Request) -> Reply:
    """Note the request; pressed again it says the same."""
    if not request.private:
        return own_chat.elsewhere(request, "deleteme")
    due = users.request_deletion(person_id=request.me, key=request.key("deleteme"), now=request.now)
    return screen.requested(person_id=request.me, due=_local(request, due))


@verb("deleteme", "keep")
def keep(request: Request) -> Reply:
    """Take the request back, if there is one."""
    users.cancel_deletion(person_id=request.me, now=request.now)
    return screen.kept(person_id=request.me)


def _local(request: Request, moment: datetime) -> datetime:
    return request.person.local(moment)
