"""Who somebody is here: profile, points, streak, boards, achievements; and the way out."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

from apps.bot.screens import achievements, daily, leaving, points, privacy, profile, stop, streak, top
from apps.bot.screens.achievement_words import CATEGORIES, TITLES
from apps.bot.screens.words import BONUSES, NOTES, RULES
from apps.gamification import titles
from apps.gamification.selectors import Step, Today
from tests.bot.screens_samples.sample import (
    ADA,
    HTML,
    LONGEST_NAME,
    ME,
    NOON,
    RIGHT_TO_LEFT,
    Sample,
    Written,
    sample,
)

OWN_CHAT = "https://t.me/diana_bot?start=p_points"
NAMES = (ADA, HTML, RIGHT_TO_LEFT, LONGEST_NAME, "")
ALL_BONUSES = [(key, 3000) for key in BONUSES]
TIMES = [NOON - timedelta(hours=n * 9) for n in range(40)]
AMOUNTS = [
    *((50, "award", rule, "", 50, (), "", 1) for rule in RULES),
    *((5, "award", "login", "", 10, (), f"{note}=15") for note in NOTES),
    (2**62, "award", "garden", Written("Garden & <b>" + "w" * 88), 2**62, ALL_BONUSES, "cap=15,short", 1, 30_000),
    (5, "award", Written("garden_rule"), "", 5, [(Written("staff_bonus"), 55)], Written("strange")),
    (7, "staff_award", "", "", 7),
    (-7, "penalty", "", "", -7, (), "short"),
    (-80, "reversal", "daily_login", "", 80),
    (-80, "reversal", "", "", 80),
    (-50, "reversal", "daily_login", "", 80, (), "short=30"),
    (50, "reversal", "", "", -100, (), "less=50"),
    (150, "reversal", "", "", -100, (), "more=50"),
]  # fmt: skip
ENTRIES = [points.Line(at, *amount) for at, amount in zip(TIMES, AMOUNTS, strict=False)]
STANDING = points.Standing(320, 3, 20, 280)
# Twice so long as the page makes it, and the longest entries.
LONGEST_ENTRIES = [ENTRIES[len(RULES) + len(NOTES)]] * 10
PROFILE = profile.ProfileData(ME, ADA, 320, 3, "Newcomer", 280, None, 4, 2, 20)
ROWS = [top.Row(rank, ME - rank, name, 2**62) for rank, name in enumerate(NAMES * 2, start=1)]
VIEW = top.View(ROWS, 2, ends_in=timedelta(days=2, hours=5), number=2, has_more=True)
NOBODY = top.View([], None)
ABSENCES = [absence for absence in get_args(top.Absence) if absence]
STREAK = {
    "person_id": ME,
    "days": 3,
    "longest": 12,
    "done_today": True,
    "freezes_left": 2,
    "lost": 0,
    "repair_until": None,
    "today": NOON.date(),
    "active": [NOON.date()],
    "frozen": [NOON.date() - timedelta(days=1)],
    "milestones": {7: 50, 30: 250},
}
DAYS = daily.Days(date(2026, 11, 22), {date(2026, 11, 22)}, set(), {7: 50})
LADDER = [Step(days, 50 + days, 50 if days == 7 else 0) for days in range(3, 10)]
DAILY = {"person_id": ME, "wait": timedelta(hours=9, minutes=12), "steps": LADDER, "days": DAYS}


def catalogue() -> Iterator[achievements.Line]:
    """Yield every achievement in some category, at every stage; and what staff have added, as long as it may be."""
    for number, (key, category) in enumerate(zip(TITLES, list(CATEGORIES) * 5, strict=False)):
        stages = (((), "bronze", 0), (("bronze",), "silver", 50), (("silver", "gold"), "", 100), (("secret",), "", 1))
        tiers, next_tier, value = stages[number % 4]
        yield achievements.Line(key, "", "", category, tiers, next_tier, value, 100)
    for key in TITLES:
        yield achievements.Line(key, "", "", "mastery", (), "bronze", 1, 21)
    yield achievements.Line("podium", "", "", "mastery", ("gold",), "", 0, 0, times=2)
    yield achievements.Line("staff_pick", "", "", "social", ("single",), "", 1, 1)
    for number in range(21):
        title, description = Written("W" * 58 + "<&"), Written("w" * 198 + "<&")
        yield achievements.Line(
            f"{'own_' * 9}{number}", title, description, "engagement", ("gold",), "single", 10**9, 10**10, 99
        )
    yield achievements.Line("garden", Written("Garden & <b>"), Written("Grow & reap."), "social", (), "single", 0, 1)


EVERYTHING = list(catalogue())
NOTHING = [line._replace(tiers=(), value=0) for line in EVERYTHING]

SAMPLES: list[Sample] = [
    *(sample(daily.awarded, str(amount), person_id=ME, amount=amount, balance=60) for amount in (1, 2, 50)),
    *(
        sample(daily.suppressed, reason, person_id=ME, reason=reason, wait=timedelta(hours=3, minutes=30))
        for reason in ("limit", "cap", "suspended", "abuse")
    ),
    *(sample(daily.daily, state, **DAILY, state=state, onward=["trivia", "story"]) for state in get_args(Today)),
    sample(daily.daily, "in a group", **DAILY, state="taken", onward=[], private=False),
    sample(daily.daily, "nothing follows", **DAILY | {"days": DAYS._replace(milestones={})}, state="open", onward=[]),
    *(
        sample(
            daily.daily, f"{n} to go", **DAILY | {"days": DAYS._replace(milestones={n: 50})}, state="open", onward=[]
        )
        for n in (4, 5, 8)
    ),
    *(
        sample(
            screen,
            f"from {n}",
            person_id=ME,
            page=points.Page(ENTRIES[n : n + 10], NOON.date(), n, n + 10, n - 10),
            **more,
        )
        for n in range(0, len(ENTRIES), 10)
        for screen, more in ((points.points, {"standing": STANDING}), (points.why, {}))
    ),
    sample(
        points.points, "none", person_id=ME, standing=points.Standing(0, 1, 0, 100), page=points.Page([], NOON.date())
    ),
    *(
        sample(
            screen,
            "longest",
            person_id=ME,
            page=points.Page(LONGEST_ENTRIES, NOON.date(), 2**63 - 1, 1, 2**63 - 1),
            **more,
        )
        for screen, more in ((points.points, {"standing": points.Standing(2**62, 50, 5, None)}), (points.why, {}))
    ),
    sample(points.short, "by name", level=3, balance=320, link=OWN_CHAT),
    sample(points.short, "unseen", level=3, balance=None, link=""),
    *(sample(profile.profile, name or "nameless", PROFILE._replace(name=name)) for name in NAMES),
    *(sample(profile.profile, title, PROFILE._replace(title=title)) for title in titles.TITLES),
    *(sample(profile.profile, f"{n} left", PROFILE._replace(to_next_level=n, streak_days=n)) for n in (1, 2, 5)),
    sample(profile.profile, "hidden", PROFILE._replace(rank=None, hidden=True, next_title="Wanderer")),
    *(
        sample(profile.profile, f"{main} {side}", PROFILE._replace(archetype=main, side=side))
        for main, side in (("Explorer", ""), ("Connector", "Challenger"))
    ),
    *(
        sample(profile.profile, state, PROFILE._replace(to_next_level=None, vip=profile.Vip(state, NOON), rank=None))
        for state in ("active", "expiring", "grace")
    ),
    sample(streak.streak, "running", **STREAK),
    *(
        sample(streak.streak, f"{n} days", **STREAK | {"days": n, "longest": n, "freezes_left": n, "done_today": False})
        for n in (0, 1, 5)
    ),
    *(
        sample(streak.streak, f"{n} lost", **STREAK | {"days": 0, "lost": n, "repair_until": NOON.date()})
        for n in (1, 3, 5)
    ),
    sample(streak.repaired, "all", person_id=ME),
    *(sample(top.top, choice.page, person_id=ME, choice=choice, view=VIEW) for choice in top.CHOICES),
    *(
        sample(
            top.top, f"{absence} {board} {private}", person_id=ME, choice=top.Choice(board), view=view, private=private
        )
        for absence in ABSENCES
        for board in ("total", "narrative", "trivia", "achievements")
        for private in (True, False)
        for view in [NOBODY._replace(absence=absence)]
    ),
    *(
        sample(
            top.top, f"unseen, {rank}", person_id=ME, choice=top.FIRST, view=VIEW._replace(own_rank=rank), unseen=True
        )
        for rank in (2, None)
    ),
    *(
        sample(
            top.top,
            f"{n} of {board}",
            person_id=ME,
            choice=top.Choice(board),
            view=top.View([top.Row(1, ME, HTML, n)], 1),
        )
        for board in ("total", "streak", "narrative", "trivia", "achievements")
        for n in (1, 2, 5)
    ),
    *(sample(top.boards, choice.page, person_id=ME, choice=choice) for choice in top.CHOICES if not choice.around),
    sample(top.appears, "all", person_id=ME, alias=HTML),
    sample(achievements.overview, "all", person_id=ME, lines=EVERYTHING),
    sample(achievements.overview, "nothing yet", person_id=ME, lines=NOTHING),
    sample(
        achievements.overview,
        "nothing near",
        person_id=ME,
        lines=[EVERYTHING[0]._replace(tiers=("gold",), value=9, target=9)],
    ),
    sample(achievements.overview, "none there", person_id=ME, lines=[]),
    *(
        sample(achievements.category, f"{name} {page}", person_id=ME, category=name, lines=EVERYTHING, page=page)
        for name in CATEGORIES
        for page in (1, 2, 3)
    ),
    sample(achievements.category, "nothing", person_id=ME, category="social", lines=[]),
    sample(leaving.copy, "plain", person_id=ME, content=b"{}", compressed=False),
    sample(leaving.copy, "compressed", person_id=ME, content=b"{}", compressed=True),
    sample(leaving.confirm, "all", person_id=ME, due=NOON + timedelta(days=7)),
    sample(leaving.requested, "all", person_id=ME, due=NOON + timedelta(days=7)),
    sample(leaving.kept, "all", person_id=ME),
    sample(privacy.privacy, "all", person_id=ME),
    sample(privacy.terms, "all", person_id=ME),
    sample(stop.stop, "all", person_id=ME),
    sample(privacy.paused, "all", person_id=ME),
]
