"""The boards: a page for each, its segments, and the places around oneself."""

from functools import partial

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page
from apps.bot.screens import top as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger
from apps.users import selectors as people

PLACES = 10


@page("top")
def top(request: Request) -> Reply:
    """Show the board that leads."""
    return board(screen.FIRST, request)


def board(choice: screen.Choice, request: Request) -> Reply:
    """Show a board, with names of those only who want to be named. A group is not told which place is that of an alias."""
    me, name, segment, now = request.me, choice.board, choice.segment, request.now
    found_out = not request.private and not own_chat.is_shown_by_name(request)
    if found_out and choice.around:
        return own_chat.elsewhere(request, "top")
    if choice.around:
        places = ledger.around(me, name, now, segment=segment)
    else:
        places = ledger.top(name, PLACES, now, segment=segment, person_id=me)
    names = people.people({place.person_id for place in places if not place.alias})

    def shown(person_id: int, *, by_alias: bool) -> str:
        return people.alias(person_id, request.person.language) if by_alias else names[person_id].name

    rows = [
        screen.Row(p.rank, p.person_id, shown(p.person_id, by_alias=p.alias), p.points)
        for p in places
        if p.alias or p.person_id in names
    ]
    own = next((place.rank for place in places if place.person_id == me), None)
    return screen.top(
        person_id=me,
        choice=choice,
        rows=rows,
        unseen=found_out,
        own_rank=own or ledger.rank_of(me, name, now, segment=segment),
        look=ledger.look(me),
    )


for _choice in screen.CHOICES:
    page(_choice.page)(partial(board, _choice))
