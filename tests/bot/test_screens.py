"""What single screens say, and names made harmless; what all have in common stands in test_every_screen.py."""

import html
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.screens import daily, points, streak, top
from apps.bot.screens.layout import Screen, callback_data, display_name
from apps.bot.screens.words import duration
from apps.gamification.selectors import Step, Today

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def board(choice: top.Choice, **fields: object) -> Screen:
    """Return a board; empty, unless told otherwise."""
    values: dict[str, object] = {"rows": [], "own_rank": 1, **fields}
    return top.top(person_id=7, choice=choice, view=top.View(**values))  # type: ignore[arg-type]


def streak_screen(**changes: object) -> Screen:
    values: dict[str, object] = {"days": 3, "longest": 12, "done_today": True, "freezes_left": 2, "lost": 0}
    values |= {"today": NOON.date(), "active": [NOON.date()], "frozen": [], "milestones": {7: 50, 30: 250}}
    return streak.streak(**(values | {"person_id": 7, "repair_until": None} | changes))  # type: ignore[arg-type]


def test_a_streak_offers_its_repair_only_while_that_is_possible(english: None) -> None:
    def buttons(screen: Screen) -> list[object]:
        assert screen.keyboard is not None
        return [button.callback_data for row in screen.keyboard.inline_keyboard for button in row]

    assert "v1|streak|repair|7" not in buttons(streak_screen())
    broken = streak_screen(days=0, lost=3, repair_until=NOON.date())
    assert "v1|streak|repair|7" in buttons(broken)
    assert "Your streak of 3 days broke. You can repair it until November 22, 2026." in broken.text


def test_a_streak_shows_its_week_and_what_it_leads_to(english: None) -> None:
    saturday, friday = NOON.date() - timedelta(days=1), NOON.date() - timedelta(days=2)
    text = streak_screen(active=[NOON.date(), saturday], frozen=[friday]).text
    assert "This week: ▫️▫️▫️▫️❄️✅✅" in text
    assert "🎯 7 days in a row: +50. 4 days to go." in text
    assert "🎯 30 days in a row: +250. 1 day to go." in streak_screen(days=29).text
    assert "🎯" not in streak_screen(days=30).text


def test_the_daily_reward_tells_amount_and_balance(english: None) -> None:
    text = daily.awarded(person_id=7, amount=50, balance=60).text
    assert "+50 points" in text
    assert "60" in text


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (timedelta(hours=24), "24 h 0 min"),
        (timedelta(hours=3, minutes=30), "3 h 30 min"),
        (timedelta(seconds=1), "1 min"),
        (timedelta(hours=47, seconds=1), "47 h 1 min"),
        (timedelta(hours=53), "2 d 5 h"),
    ],
)
def test_it_tells_how_long_until_the_next_date(english: None, wait: timedelta, expected: str) -> None:
    assert duration(wait) == expected


def test_a_taken_reward_says_when_to_come_back(english: None) -> None:
    text = daily.suppressed(person_id=7, reason="limit", wait=timedelta(hours=3, minutes=30)).text
    assert text == "✅ Done for today. Next reward in 3 h 30 min."


@pytest.mark.parametrize(
    ("state", "first", "button"),
    [("open", "🎁 Day 3: 50", True), ("taken", "✅ Day 3: 50", False), ("spent", "▫️ Day 3: 50", False)],
)
def test_the_ladder_begins_today_and_names_the_streak(english: None, state: Today, first: str, button: bool) -> None:
    steps = [Step(days, 50 if days < 5 else 53, 50 if days == 7 else 0) for days in range(3, 10)]
    screen = daily.daily(
        person_id=7,
        state=state,
        wait=timedelta(hours=9, minutes=12),
        steps=steps,
        days=daily.Days(NOON.date(), {NOON.date()}, set(), {7: 50}),
        onward=["trivia"],
    )
    ladder = f"{first}\n▫️ Day 4: 50\n▫️ Day 5: 53\n▫️ Day 6: 53\n▫️ Day 7: 53, and 50 for the streak\n"
    assert ladder in screen.text
    assert ("v1|daily|take|7" in str(screen.keyboard)) is button
    assert "v1|trivia|show|7" in str(screen.keyboard)


def entries(*lines: points.Line) -> points.Page:
    return points.Page(lines, NOON.date())


def test_an_entry_tells_its_time_and_its_why(english: None) -> None:
    line = points.Line(
        NOON, 78, "award", "daily_login", "", 50, [("level", 100), ("vip", 5000), ("streak", 550)], "", 2
    )
    text = points.points(person_id=7, standing=points.Standing(78, 2, 10, 90), page=entries(line)).text
    assert text == (
        "<b>Balance: 78</b> · level 2\n▱▱▱▱▱▱▱▱ 90 points to the next level\n\n"
        "<b>Today</b>\n12:00\u00a0PM <b>+78</b> Daily reward"
    )
    why = points.why(person_id=7, page=entries(line)).text
    assert "<b>+78</b> Daily reward\n   base 50 · level +1% · VIP +50% · streak +5.5% · rule, version 2" in why


@pytest.mark.parametrize(
    ("note", "said"),
    [("limit", "limit reached"), ("cap=15", "the day's points are used up (15)"), ("suspended", "account suspended")],
)
def test_an_entry_of_less_tells_the_reason(english: None, note: str, said: str) -> None:
    line = points.Line(NOON, 5, "award", "login", "", 10, (), note)
    assert f"base 10 · {html.escape(said)}" in points.why(person_id=7, page=entries(line)).text


def test_entries_stand_below_their_days(english: None) -> None:
    lines = [points.Line(NOON - timedelta(hours=hours), 5, "award", "login", "", 5) for hours in (0, 1, 13, 40)]
    text = points.why(person_id=7, page=entries(*lines)).text
    assert re.findall("<b>([^+]*?)</b>", text) == ["Why these points", "Today", "Yesterday", "November 20, 2026"]


def test_an_entry_by_staff_is_named_after_its_kind(english: None) -> None:
    line = points.Line(NOON, -5, "penalty", "", "", -5, (), "")
    assert "<b>−5</b> Penalty" in points.why(person_id=7, page=entries(line)).text


def test_an_unknown_rule_shows_the_title_of_the_staff(english: None) -> None:
    line = points.Line(NOON, 5, "award", "garden", "Garden & <b>", 5)
    assert "Garden &amp; &lt;b&gt;" in points.why(person_id=7, page=entries(line)).text


def test_the_own_place_stands_out(english: None) -> None:
    rows = [top.Row(1, 8, "Bob", 9), top.Row(2, 7, "Ada", 5)]
    text = board(top.FIRST, rows=rows, own_rank=2).text
    assert "🥇 Bob – 9 points\n<b>🥈 Ada – 5 points</b>\n\nYour rank: 2" in text


@pytest.mark.parametrize(
    ("absence", "choice", "said", "button"),
    [
        ("no_points", top.FIRST, "You are not on this board yet", "v1|daily|take|7"),
        ("no_points", top.Choice("trivia"), "You are not on this board yet", "v1|trivia|show|7"),
        ("hidden", top.FIRST, "You are hidden", "v1|top|appear|7"),
        ("not_vip", top.Choice(segment="vip"), "Only VIPs", "v1|vip|show|7"),
        ("no_archetype", top.Choice(segment="archetype"), "the quiz finds out", "v1|quiz|show|7"),
        ("not_shown", top.FIRST, "Your account is on no board", ""),
    ],
)
def test_a_board_says_why_one_is_not_on_it_and_what_changes_that(
    english: None, absence: top.Absence, choice: top.Choice, said: str, button: str
) -> None:
    screen = board(choice, own_rank=None, absence=absence)
    assert "Nobody yet: the first place is free." in screen.text
    assert said in screen.text
    last = screen.keyboard.inline_keyboard[-1] if screen.keyboard else ()
    assert [str(found.callback_data) for found in last] == [*([button] if button else []), "v1|menu|show|7"]
    assert "Around me" not in str(screen.keyboard), "nobody is around who has no place"


def test_every_board_segment_and_view_is_two_buttons_away(english: None) -> None:
    reached: set[str] = set()
    for choice in top.CHOICES:
        for screen in (board(choice), top.boards(person_id=7, choice=choice)):
            assert screen.keyboard is not None
            buttons = [button for line in screen.keyboard.inline_keyboard for button in line]
            reached |= {str(button.callback_data).split("|")[1] for button in buttons}
    assert {choice.page for choice in top.CHOICES} <= reached


HOSTILE = {
    "html": ("<b>Ada</b> & <a href='x'>", "&lt;b&gt;Ada&lt;/b&gt; &amp; &lt;a href=&#x27;x&#x27;&gt;"),
    "override": ("\u202eadA\u202c", "adA"),
    "isolates": ("\u2066Ada\u2069\u200f", "Ada"),
    "controls": ("A\x00d\x1ba\x7f", "Ada"),
    "lines": ("Ada\nBob\u2028Eve", "Ada Bob Eve"),
    "a surrogate": ("Ada\ud800", "Ada"),
    "nothing": ("", "Player 7"),
    "nothing visible": ("\u200b\u2060 \u00ad", "Player 7"),
    "emoji": ("😀", "😀"),
}


@pytest.mark.parametrize(("name", "shown"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_name_does_no_harm(english: None, name: str, shown: str) -> None:
    assert display_name(name, 7) == shown


def test_a_name_from_right_to_left_stays_in_its_place() -> None:
    assert display_name("עדה", 7) == "\u2068עדה\u2069"


def test_a_tower_of_marks_is_cut_down() -> None:
    assert display_name("a" + "\u0301" * 100_000, 7) == "a" + "\u0301" * 3


@pytest.mark.parametrize("name", ["\u3164", "\u2800", "\ufe0f", "\u115f", "\U000e0067", "\u0301", "\u3164 \u2800"])
def test_a_name_that_shows_nothing_is_a_number(english: None, name: str) -> None:
    assert display_name(name, 7) == "Player 7"


@pytest.mark.parametrize(
    "name",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
def test_what_is_joined_is_shown_whole(english: None, name: str) -> None:
    assert display_name(name, 7) == name


def test_a_persian_name_keeps_its_letters_apart() -> None:
    assert display_name("\u0645\u06cc\u200c\u0631\u0627", 7) == "\u2068\u0645\u06cc\u200c\u0631\u0627\u2069"


@given(st.text())
def test_any_name_is_short_visible_and_escaped(name: str) -> None:
    shown = html.unescape(display_name(name, 7)).strip("\u2068\u2069")
    assert 0 < len(shown) <= 64
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert unicodedata.category(shown[0])[0] not in "MZ"
    shown.encode()


def test_a_longer_one_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        callback_data("top", "show", "x" * 60)
