"""The days in a row, and repairing them."""

from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import streak as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger
from apps.gamification import services as gamification
from diana.audit import Actor


@page("streak")
def streak(request: Request) -> Reply:
    """Show how the streak stands."""
    today = request.person.date_of(request.now)
    standing = ledger.streak(request.me, today)
    return screen.streak(
        person_id=request.me,
        days=standing.days,
        longest=standing.longest,
        done_today=standing.done_today,
        freezes_left=standing.freezes_left,
        lost=standing.lost,
        repair_until=standing.repair_until,
        today=today,
        active=standing.active,
        frozen=standing.frozen,
        milestones=ledger.milestones(request.now),
    )


@verb("streak", "repair")
def repair(request: Request) -> Reply:
    """Repair the streak; show how it stands if there is nothing to repair any more."""
    actor = Actor(None, f"person {request.me}", "bot")
    try:
        gamification.repair_streak(person_id=request.me, reason="asked for in the bot", actor=actor, now=request.now)
    except gamification.NothingToRepair:
        return streak(request)
    return screen.repaired(person_id=request.me)
