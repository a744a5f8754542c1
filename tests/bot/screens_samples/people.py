"""Who somebody is here: profile, points, streak, boards, achievements; and the way out."""

from collections.abc import Iterator
from datetime import timedelta

from apps.bot.screens import achievements, daily, leaving, points, privacy, profile, stop, streak, top
from apps.bot.screens.achievement_words import CATEGORIES, TITLES
from apps.bot.screens.words import BONUSES, NOTES, RULES
from apps.gamification import titles
from apps.gamification.selectors import Look
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
ENTRIES = [
    *(points.Line(50, "award", rule, "", 50, rule_version=1) for rule in RULES),
    *(points.Line(0, "suppressed", "login", "", 10, (), f"{note}=15") for note in NOTES),
    points.Line(2**62, "award", "garden", Written("Garden & <b>" + "w" * 88), 2**62, ALL_BONUSES, "cap=15,short", 1, 30_000),
    points.Line(5, "award", Written("garden_rule"), "", 5, [(Written("staff_bonus"), 55)], Written("strange")),
    points.Line(7, "staff_award", "", "", 7),
    points.Line(-7, "penalty", "", "", -7, note="short"),
    points.Line(-80, "reversal", "daily_login", "", 80),
    points.Line(-80, "reversal", "", "", 80),
    points.Line(-50, "reversal", "daily_login", "", 80, note="short=30"),
    points.Line(50, "reversal", "", "", -100, note="less=50"),
    points.Line(150, "reversal", "", "", -100, note="more=50"),
]  # fmt: skip
# Twice so long as the page makes it, and the longest entries.
LONGEST_ENTRIES = [ENTRIES[len(RULES) + len(NOTES)]] * 10
PROFILE = profile.ProfileData(ME, ADA, 320, 3, "Newcomer", 280, None, 4, 2)
ROWS = [top.Row(rank, ME - rank, name, 2**62) for rank, name in enumerate(NAMES * 2, start=1)]
LOOKS = {"shown": Look(), "hidden": Look(shown=False), "of an archetype": Look(archetype="Explorer")}
STREAK = {
    "person_id": ME,
    "days": 3,
    "longest": 12,
    "done_today": True,
    "freezes_left": 2,
    "lost": 0,
    "repair_until": None,
}


def catalogue() -> Iterator[achievements.Line]:
    """Yield every achievement in some category, at every stage; and what staff have added, as long as it may be."""
    for number, (key, category) in enumerate(zip(TITLES, list(CATEGORIES) * 5, strict=False)):
        stages = (((), "bronze", 0), (("bronze",), "silver", 50), (("silver", "gold"), "", 100), (("secret",), "", 1))
        tiers, next_tier, value = stages[number % 4]
        yield achievements.Line(key, "", "", category, tiers, next_tier, value, 100)
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
    *(sample(daily.awarded, str(amount), amount=amount, balance=60) for amount in (1, 2, 50)),
    *(
        sample(daily.suppressed, reason, reason=reason, wait=timedelta(hours=3, minutes=30))
        for reason in ("limit", "cap", "suspended", "abuse")
    ),
    *(
        sample(points.points, f"from {n}", person_id=ME, balance=320, level=3, lines=ENTRIES[n : n + 10])
        for n in range(0, len(ENTRIES), 10)
    ),
    sample(points.short, "by name", level=3, balance=320, link=OWN_CHAT),
    sample(points.short, "unseen", level=3, balance=None, link=""),
    sample(points.points, "none", person_id=ME, balance=0, level=1, lines=[]),
    sample(points.points, "longest", person_id=ME, balance=2**62, level=50, lines=LONGEST_ENTRIES),
    *(sample(profile.profile, name or "nameless", PROFILE._replace(name=name)) for name in NAMES),
    *(sample(profile.profile, title, PROFILE._replace(title=title)) for title in titles.TITLES),
    *(sample(profile.profile, f"{n} left", PROFILE._replace(to_next_level=n, streak_days=n)) for n in (1, 2, 5)),
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
    *(
        sample(top.top, choice.page, person_id=ME, choice=choice, rows=ROWS, own_rank=2, look=LOOKS["of an archetype"])
        for choice in top.CHOICES
    ),
    *(
        sample(top.top, f"empty, {case}, {choice.page}", person_id=ME, choice=choice, rows=[], own_rank=None, look=look)
        for case, look in LOOKS.items()
        for choice in (top.FIRST, top.Choice(around=True), top.Choice("trivia", "archetype"))
    ),
    sample(
        top.top,
        "unseen",
        person_id=ME,
        choice=top.FIRST,
        rows=ROWS,
        own_rank=2,
        look=LOOKS["shown"],
        unseen=True,
    ),
    sample(
        top.top,
        "oneself",
        person_id=ME,
        choice=top.FIRST,
        rows=[top.Row(1, ME, HTML, 5)],
        own_rank=1,
        look=LOOKS["shown"],
    ),
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
