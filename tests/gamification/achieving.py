"""What people do to deserve achievements, as events that are awarded at once."""

from datetime import datetime, timedelta
from typing import Any

from apps.gamification.models import Achievement
from tests.gamification.acts import NOON, award, event


def switch_achievements_off() -> None:
    """Have nothing unlock, where a test counts points and rewards would only be in the way."""
    Achievement.objects.update(active=False)


def later(days: float = 0, **more: float) -> datetime:
    """Return a moment after noon."""
    return NOON + timedelta(days=days, **more)


def each_day(event_type: str, person_id: int, days: int, hours: float = 0, every: int = 1, **fields: Any) -> None:
    """Let it happen on so many days."""
    for n in range(days):
        award(event(event_type, person_id, **fields), at=later(n * every, hours=hours))


def streak(p: int, days: int) -> None:
    award(event("game.streak_extended", p, days=days, since="2026-03-01"))


def trivia(p: int, correct: bool = True, n: int = 1, at: datetime = NOON) -> None:
    award(
        *[
            event(
                "game.trivia_completed", p, question="q", correct=correct, milliseconds=900, shortest_milliseconds=1000
            )
        ]
        * n,
        at=at,
    )


def many(event_type: str, p: int, *rows: dict[str, Any]) -> None:
    award(*[event(event_type, p, **fields) for fields in rows])


def story(p: int, number: int) -> None:
    """Read chapters, endings and secrets."""
    many("narrative.chapter_completed", p, *[{"story": "s", "chapter": f"{n}", "seconds": 9} for n in range(number)])
    many("narrative.ending_discovered", p, *[{"story": "s", "ending": f"{n}"} for n in range(number)])
    many("narrative.secret_found", p, *[{"secret": f"{n}"} for n in range(number)])


def closed(p: int, rank: int, period: str) -> None:
    fields = {"board": "weekly", "period": period, "rank": rank, "score": 9, "ranked": 20}
    award(event("game.rank_closed", p, **fields))


def years(p: int) -> None:
    award(event("user.registered", p, language="en"))
    for n in (364, 365, 731, 1100):
        award(event("user.active_day", p, local_date=later(n).date().isoformat()), at=later(n))


def vip(p: int) -> None:
    until = later(30).isoformat()
    award(event("vip.granted", p, grant=1, source="gift", until=until))
    award(*[event("vip.renewed", p, grant=n, until=until) for n in range(2, 13)])
