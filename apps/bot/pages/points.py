"""The balance and where it comes from."""

from apps.bot.pages.registry import Request, page
from apps.bot.screens import points as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger

LINES = 10


@page("points")
def points(request: Request) -> Reply:
    """Show the last entries, each with its why."""
    standing = ledger.standing(request.me)
    lines = [
        screen.Line(e.amount, e.kind, e.rule, e.title, e.base, e.bonuses, e.note, e.rule_version, e.factor_at_most)
        for e in ledger.last_entries(request.me, LINES)
    ]
    return screen.points(person_id=request.me, balance=standing.balance, level=standing.level, lines=lines)
