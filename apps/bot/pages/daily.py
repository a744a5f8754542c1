"""The daily reward. Whoever opens it takes it (acts.py): what came of that is told below the page."""

from apps.bot.pages import offers
from apps.bot.pages.registry import Request, page, verb
from apps.bot.screens import daily as screen
from apps.bot.screens import menu
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger

ONWARD = 2


@page("daily")
def daily(request: Request) -> Reply:
    """Show how the reward of the date stands, and the days after it."""
    person, now = request.person, request.now
    today, streak = person.date_of(now), ledger.streak(request.me, person.date_of(now))
    # Who asks is here today, whether or not that was counted yet.
    days = streak.days if streak.done_today else streak.days + 1
    reward = ledger.daily_reward(request.me, today, now, days=days)
    found = offers.moment(request)
    return screen.daily(
        person_id=request.me,
        state=reward.today,
        wait=found.wait,
        steps=reward.steps,
        days=screen.Days(today, streak.active | {today}, streak.frozen, ledger.milestones(now)),
        onward=[page for page in menu.chosen(found) if page != "daily"][:ONWARD],
        private=request.private,
    )


@verb("daily", "take")
def take(request: Request) -> Reply:
    """Show the same page to whoever takes the reward by a button."""
    return daily(request)
