"""The boards: a page for each, its segments, and the places around oneself."""

from functools import partial

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import top as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger
from apps.users import selectors as people
from apps.users import services as users

PLACES = 10
# Further down people look around themselves.
MOST_PAGES = 10


@page("top")
def top(request: Request) -> Reply:
    """Show the board that leads."""
    return board(screen.FIRST, request)


@page("boards")
def boards(request: Request) -> Reply:
    """Offer the other boards, from the one that the button carries."""
    name, segment = (*request.args, "", "")[:2]
    choice = screen.Choice(
        name if name in ledger.BOARDS else screen.FIRST.board,
        segment if segment in screen.SEGMENTS else screen.FIRST.segment,
    )
    return screen.boards(person_id=request.me, choice=choice)


@verb("top", "appear")
def appear(request: Request) -> Reply:
    """Let boards show a hidden person by their alias; show the boards to everybody else."""
    if people.visibility(request.me) != "hidden":
        return top(request)
    if not request.private:
        # The answer names the alias.
        return own_chat.elsewhere(request, "top")
    users.set_visibility(person_id=request.me, mode="alias", now=request.now)
    return screen.appears(person_id=request.me, alias=people.alias(request.me, request.person.language))


def board(choice: screen.Choice, request: Request) -> Reply:
    """Show a page of a board, with names of those only who want it. A group is not told which place is that of an alias."""
    me, name, segment, now = request.me, choice.board, choice.segment, request.now
    unseen = not request.private and not own_chat.is_shown_by_name(request)
    if unseen and choice.around:
        return own_chat.elsewhere(request, "top")
    number = _number(request)
    if choice.around:
        places, has_more = ledger.around(me, name, now, segment=segment), False
    else:
        after = (number - 1) * PLACES
        places = ledger.top(name, PLACES + 1, now, segment=segment, person_id=me, after=after)
        has_more, places = len(places) > PLACES and number < MOST_PAGES, places[:PLACES]
    own = next((place.rank for place in places if place.person_id == me), None)
    own = own or ledger.rank_of(me, name, now, segment=segment)
    ends_at = ledger.ends_at(name, now)
    view = screen.View(
        rows=_rows(places, request.person.language),
        own_rank=own,
        absence="" if own else _absence(request, choice),
        ends_in=None if ends_at is None else ends_at - now,
        number=1 if choice.around else number,
        has_more=has_more,
    )
    return screen.top(person_id=me, choice=choice, view=view, private=request.private, unseen=unseen)


def _rows(places: list[ledger.Place], language: str) -> list[screen.Row]:
    names = people.people({place.person_id for place in places if not place.alias})

    def shown(person_id: int, *, by_alias: bool) -> str:
        return people.alias(person_id, language) if by_alias else names[person_id].name

    return [
        screen.Row(p.rank, p.person_id, shown(p.person_id, by_alias=p.alias), p.points)
        for p in places
        if p.alias or p.person_id in names
    ]


def _absence(request: Request, choice: screen.Choice) -> screen.Absence:
    """Return why the person has no rank there."""
    look = ledger.look(request.me)
    if people.visibility(request.me) == "hidden":
        return "hidden"
    if not look.shown:
        return "not_shown"
    if choice.segment == "archetype" and not look.archetype:
        return "no_archetype"
    if choice.segment == "vip" and people.effective_vip(request.me, request.now) is None:
        return "not_vip"
    return "no_points"


def _number(request: Request) -> int:
    """Return which page of the board the button carries."""
    word = request.args[0] if request.args else ""
    number = int(word) if word.isascii() and word.isdecimal() and len(word) <= 3 else 1
    return min(max(number, 1), MOST_PAGES)


for _choice in screen.CHOICES:
    page(_choice.page)(partial(board, _choice))
