"""/points says of every kind of entry why it is what it is, /streak how the days stand; in every language."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.bot import acts, pages
from apps.bot.turns import Turn
from apps.gamification import selectors, services
from apps.gamification.models import Entry
from apps.users.models import Person
from diana import clock
from diana.events import Event
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, daily, event, person

pytestmark = pytest.mark.django_db


def challenges(who: int, *numbers: int) -> list[Event]:
    """Build challenges done."""
    return [event("game.challenge_completed", who, challenge=f"c{n}", score=1) for n in numbers]


def give(who: int, amount: int) -> None:
    """Award as staff do."""
    services.award(person_id=who, amount=amount, reason="r", actor=STAFF, key=uuid4().hex, now=NOON)


def lines(who: int, language: str) -> list[str]:
    """Return what *Why?* says of the entries of /points, the newest first, without their times."""
    Person.objects.filter(pk=who).update(language=language)
    text = pages.show("why", who, now=NOON).text
    return [
        entry.replace("\n   ", " – ")
        for entry in re.split(r"\n\n?(?:<b>[^+−]*?</b>\n)?\d?\d:\d\d(?:\u00a0[AP]M)? ", text)[1:]
    ]


def everything() -> int:
    """Have every kind of entry happen to somebody."""
    who, later = person(), NOON + timedelta(hours=1)
    until = (NOON + timedelta(days=1)).isoformat()
    services.add_event_window(
        basis_points=10_000, starts=later, ends=later + timedelta(hours=1), reason="r", actor=STAFF, now=NOON
    )
    give(who, 100_000)  # level 45: +9 %
    award(event("vip.granted", who, grant=1, source="gift", until=until))
    for day in range(9, 12):
        award(event("user.active_day", who, local_date=f"2026-03-{day:02}"))
    award(*challenges(who, 0), at=later)
    award(daily(who), daily(who))
    services.reverse_entry(
        entry_id=Entry.objects.get(rule="daily_login", kind="award").pk, reason="r", actor=STAFF, key="k", now=NOON
    )
    award(*challenges(who, 1, 2, 3))
    give(who, -200_000)
    return who


def test_it_says_so_in_english() -> None:
    penalty, cut, _, _, paid_afterwards, reversal, rewarded, *_ = lines(everything(), "en")
    assert penalty.startswith("<b>−")
    assert "Penalty – more than there was (" in penalty
    assert cut.endswith(
        "Challenge – base 200 · level +9% · VIP +50% · the day&#x27;s points are used up (50) · rule, version 1"
    )
    assert "base 50 · level +9% · VIP +50% · paid afterwards: there was room again" in paid_afterwards
    assert reversal.startswith("<b>−80</b> Correction: Daily reward – takes +80 back")
    assert "base 50 · level +9% · VIP +50% · rule, version 1" in rewarded


def test_the_clamp_shows_where_it_cut() -> None:
    who = person()
    config = {"factor_at_most": 12_000}
    services.add_multiplier_version(active_from=NOON, config=config, reason="r", actor=STAFF, now=NOON)
    award(event("vip.granted", who, grant=1, source="gift", until=(NOON + timedelta(days=1)).isoformat()))
    award(event("user.returned", who, days_away=9), daily(who))
    reward, clamped = lines(who, "en")
    assert clamped == "<b>+60</b> Daily reward – base 50 · VIP +50% · at most ×1.2 · rule, version 1"
    assert reward == "<b>+75</b> Achievement – base 75 · rule, version 1", "no bonus, nothing to cut"
    assert "All together are at most ×1.2." in selectors.explain(Entry.objects.get(rule="daily_login").pk).words


def test_entries_of_nothing_are_hidden_and_the_others_paged_once_each() -> None:
    who = everything()
    give(who, 1)
    for number in range(20):
        give(who, 100 + number)
    kept = list(
        Entry.objects.filter(account_id=who).exclude(amount=0).order_by("-sequence").values_list("pk", flat=True)
    )
    assert Entry.objects.filter(account_id=who, amount=0).exists()
    first = selectors.entries(who, 10)
    seen, page = [], first
    while True:
        seen += [line.entry_id for line in page.lines]
        if page.older is None:
            break
        below = selectors.entries(who, 10, upto=page.older)
        assert below.newer is not None
        assert selectors.entries(who, 10, upto=below.newer).lines == page.lines, "up again is where one was"
        page = below
    assert seen == kept
    assert first.newer is None


def test_why_is_shown_of_the_same_page_and_leads_back_to_it() -> None:
    who = person()
    for number in range(12):
        give(who, 100 + number)
    first = pages.show("points", who, now=NOON)
    older = selectors.entries(who, 10).older
    assert f"v1|points|show|{who}.{older}" in str(first.keyboard)
    second = pages.show("points", who, now=NOON, args=(str(older),))
    why = pages.show("why", who, now=NOON, args=(str(older),))
    assert ("<b>+101</b>" in second.text, "<b>+102</b>" in second.text) == (True, False)
    assert re.findall(r"<b>[+−]\d+</b>", why.text) == re.findall(r"<b>[+−]\d+</b>", second.text)
    assert f"v1|why|show|{who}.{older}" in str(second.keyboard)
    assert f"v1|points|show|{who}.{older}" in str(why.keyboard)
    for made_up in ("0", "-1", "x", "9" * 19, "9" * 30, "²"):
        assert pages.show("points", who, now=NOON, args=(made_up,)).template == "points"


def test_the_times_are_those_of_the_persons_clock() -> None:
    who = person()
    give(who, 7)
    Person.objects.filter(pk=who).update(timezone="Asia/Tokyo")
    assert "21:00 <b>+7</b>" in pages.show("points", who, now=NOON).text


def test_every_line_has_its_words_in_every_language() -> None:
    who = everything()
    said = {language: lines(who, language) for language in ("en", "es", "ru")}
    for english, spanish, russian in zip(*said.values(), strict=True):
        assert len({english, spanish, russian}) == 3


def test_the_streak_is_shown_and_repaired_by_its_button(monkeypatch: pytest.MonkeyPatch) -> None:
    who = person()
    for day in range(8, 11):
        award(event("user.active_day", who, local_date=f"2026-03-{day:02}"))
    assert "Streak: 3 days" in pages.show("streak", who, now=NOON).text
    broken = NOON + timedelta(days=3)
    for day in (11, 12, 13):
        award(event("game.day_ended", who, local_date=f"2026-03-{day}"), at=broken)
    assert "You can repair it until March 15." in pages.show("streak", who, now=broken).text
    monkeypatch.setattr(clock, "now", lambda: broken)
    button = pages.parse_callback(f"v1|streak|repair|{who}")
    assert button == pages.Button("streak", "repair", str(who))
    assert acts.press(Turn(1, who, broken), button, private=True).template == "streak_repaired"
    drain(AWARDS)
    assert StoredEvent.objects.filter(type="game.streak_frozen", payload__contains="true").count() == 1
    assert "Streak: 4 days" in pages.show("streak", who, now=broken).text
    assert acts.press(Turn(2, who, broken), button, private=True).template == "streak"


@pytest.mark.parametrize(
    ("data", "template"),
    [
        ("v1|points|repair|{0}", "points"),
        ("v1|nothing|show|{0}", "help"),
        ("v1|nothing|at_all|{0}.1.2", "help"),
        ("v0|points|show|{0}", "help"),
        ("v1|points|show|{0}.made.up", "points"),
    ],
)
def test_an_unknown_button_leads_to_the_page_that_it_hangs_on_or_to_help(data: str, template: str) -> None:
    who = person()
    button = pages.parse_callback(data.format(who))
    assert acts.press(Turn(1, who, NOON), button, private=True).template == template
