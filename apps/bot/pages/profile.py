"""Who somebody is here: name, points, level, streak, rank, VIP."""

from datetime import date, datetime

from apps.bot.pages import own_chat
from apps.bot.pages.registry import Request, page
from apps.bot.screens import points
from apps.bot.screens import profile as screen
from apps.bot.screens.layout import Reply
from apps.gamification import selectors as ledger
from apps.users import selectors as people


@page("profile")
def profile(request: Request) -> Reply:
    """Show all of it on one page; in a group, of who is not shown by name on boards, the level alone."""
    person, now = request.person, request.now
    standing = ledger.standing(request.me)
    if not request.private and not own_chat.is_shown_by_name(request):
        # A name, an alias, a balance or a rank would tell which place of a board is theirs.
        return points.short(level=standing.level, balance=None, link=own_chat.link_to("profile"))
    found = people.archetype(request.me)
    return screen.profile(
        screen.ProfileData(
            person_id=request.me,
            name=person.name,
            balance=standing.balance,
            level=standing.level,
            title=standing.title,
            to_next_level=standing.to_next_level,
            vip=_vip(person, now),
            streak_days=_running_streak(standing, person.date_of(now)),
            rank=ledger.rank_of(request.me, "total", now),
            in_level=standing.in_level,
            next_title=standing.next_title,
            archetype=people.main_archetype(found) if found else "",
            side=people.side_of(found) if found else "",
            hidden=people.visibility(request.me) == "hidden",
        )
    )


def _vip(person: people.Profile, now: datetime) -> screen.Vip | None:
    """Return what the screen says of VIP; nothing once it is over."""
    standing = people.vip_standings([person.person_id], now)[person.person_id]
    match standing.state:
        case "active" | "expiring" if standing.until is not None:
            return screen.Vip(standing.state, person.local(standing.until))
        case "grace" if standing.kept_until is not None:
            return screen.Vip("grace", person.local(standing.kept_until))
    return None


def _running_streak(standing: ledger.Standing, today: date) -> int:
    """Return the days of a streak that is not broken yet: its last day is today or yesterday."""
    if standing.streak_date is None or (today - standing.streak_date).days > 1:
        return 0
    return standing.streak_days
