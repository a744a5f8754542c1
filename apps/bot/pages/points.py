"""The balance and where it comes from, page by page."""

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page
from apps.bot.screens import points as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger

LINES = 10
LARGEST = 2**63 - 1


@page("points")
def points(request: Request) -> Reply:
    """Show the entries that moved the balance; in a group the balance."""
    standing = ledger.standing(request.me)
    if not request.private:
        balance = standing.balance if own_chat.is_shown_by_name(request) else None
        return screen.short(level=standing.level, balance=balance, link=own_chat.link_to("points"))
    shown = screen.Standing(standing.balance, standing.level, standing.in_level, standing.to_next_level)
    return screen.points(person_id=request.me, standing=shown, page=_page(request))


@page("why")
def why(request: Request) -> Reply:
    """Show how each entry of a page of /points came about; not in a group."""
    if not request.private:
        return own_chat.elsewhere(request, "points")
    return screen.why(person_id=request.me, page=_page(request))


def _page(request: Request) -> screen.Page:
    """Return the page that begins with the entry whose number the button carries, else the newest."""
    word, person = request.args[0] if request.args else "", request.person
    upto = int(word) if word.isascii() and word.isdecimal() and len(word) <= 19 else None
    found = ledger.entries(request.me, LINES, upto=None if upto is None else min(upto, LARGEST))
    lines = [
        screen.Line(
            person.local(e.occurred_at), e.amount, e.kind, e.rule, e.title, e.base, e.bonuses, e.note, e.rule_version,
            e.factor_at_most,
        )
        for e in found.lines
    ]  # fmt: skip
    return screen.Page(lines, person.local(request.now).date(), upto, found.older, found.newer)
