"""The balance and where it comes from."""

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page
from apps.bot.screens import points as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger

LINES = 10


@page("points")
def points(request: Request) -> Reply:
    """Show the last entries, each with its why; in a group the balance."""
    standing = ledger.standing(request.me)
    if not request.private:
        balance = standing.balance if own_chat.is_shown_by_name(request) else None
        return screen.short(level=standing.level, balance=balance, link=own_chat.link_to("points"))
    lines = [
        screen.Line(e.amount, e.kind, e.rule, e.title, e.base, e.bonuses, e.note, e.rule_version, e.factor_at_most)
        for e in ledger.last_entries(request.me, LINES)
    ]
    return screen.points(person_id=request.me, balance=standing.balance, level=standing.level, lines=lines)
