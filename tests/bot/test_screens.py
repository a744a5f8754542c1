"""What single screens say, and names made harmless; what all have in common stands in test_every_screen.py."""

import html
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from apps.bot.screens import daily, points, streak, top
from apps.bot.screens.layout import Screen, callback_data, display_name
from apps.gamification.selectors import Look

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def board(choice: top.Choice, **fields: object) -> Screen:
    """Return a board; empty, unless told otherwise."""
    return top.top(**{"person_id": 7, "choice": choice, "rows": [], "own_rank": 1, "look": Look(), **fields})


def streak_screen(**changes: object) -> Screen:
    values: dict[str, object] = {"days": 3, "longest": 12, "done_today": True, "freezes_left": 2, "lost": 0}
    return streak.streak(**(values | {"person_id": 7, "repair_until": None} | changes))  # type: ignore[arg-type]


def test_a_streak_offers_its_repair_only_while_that_is_possible(english: None) -> None:
    def buttons(screen: Screen) -> list[object]:
        assert screen.keyboard is not None
        return [button.callback_data for row in screen.keyboard.inline_keyboard for button in row]

    assert "v1|streak|repair|7" not in buttons(streak_screen())
    broken = streak_screen(days=0, lost=3, repair_until=NOON.date())
    assert "v1|streak|repair|7" in buttons(broken)
    assert "Your streak of 3 days broke. You can repair it until November 22, 2026." in broken.text


def test_the_daily_reward_tells_amount_and_balance(english: None) -> None:
    text = daily.awarded(amount=50, balance=60).text
    assert "+50 points" in text
    assert "60" in text


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (timedelta(hours=24), (24, 0)),
        (timedelta(hours=3, minutes=30), (3, 30)),
        (timedelta(seconds=1), (0, 1)),
        (timedelta(hours=47, seconds=1), (47, 1)),
    ],
)
def test_it_tells_how_long_until_the_next_date(wait: timedelta, expected: tuple[int, int]) -> None:
    assert daily.hours_and_minutes(wait) == expected


def test_a_taken_reward_says_when_to_come_back(english: None) -> None:
    text = daily.suppressed(reason="limit", wait=timedelta(hours=3, minutes=30)).text
    assert "3 h 30 min" in text


def test_an_entry_tells_its_why(english: None) -> None:
    line = points.Line(78, "award", "daily_login", "", 50, [("level", 100), ("vip", 5000), ("streak", 550)])
    text = points.points(person_id=7, balance=78, level=1, lines=[line]).text
    assert "<b>+78</b> Daily reward – base 50 · level +1% · VIP +50% · streak +5.5%" in text


@pytest.mark.parametrize(
    ("note", "said"),
    [("limit", "limit reached"), ("cap=15", "the day's points are used up (15)"), ("suspended", "account suspended")],
)
def test_an_entry_of_nothing_tells_the_reason(english: None, note: str, said: str) -> None:
    text = points.points(
        person_id=7, balance=0, level=1, lines=[points.Line(0, "suppressed", "login", "", 10, (), note)]
    ).text
    assert f"<b>+0</b> Coming by – base 10 · {html.escape(said)}" in text


def test_an_entry_by_staff_is_named_after_its_kind(english: None) -> None:
    line = points.Line(-5, "penalty", "", "", -5, (), "")
    assert "<b>−5</b> Penalty" in points.points(person_id=7, balance=0, level=1, lines=[line]).text


def test_an_unknown_rule_shows_the_title_of_the_staff(english: None) -> None:
    line = points.Line(5, "award", "garden", "Garden & <b>", 5)
    assert "Garden &amp; &lt;b&gt;" in points.points(person_id=7, balance=5, level=1, lines=[line]).text


def test_the_own_place_stands_out(english: None) -> None:
    rows = [top.Row(1, 8, "Bob", 9), top.Row(2, 7, "Ada", 5)]
    text = board(top.FIRST, rows=rows, own_rank=2).text
    assert "1. Bob – 9\n<b>2. Ada – 5</b>\nYour rank: 2" in text


def test_an_empty_board_says_why(english: None) -> None:
    assert "Nobody yet: be the first.\nYou are not on this board yet." in board(top.FIRST, own_rank=None).text
    assert "You do not show on boards." in board(top.FIRST, own_rank=None, look=Look(shown=False)).text
    assert "Nobody" not in board(top.Choice(around=True), own_rank=None).text
    like_me = top.Choice(segment="archetype")
    assert "the quiz finds out" in board(like_me, own_rank=None).text
    assert "the quiz" not in board(like_me, own_rank=None, look=Look(archetype="explorer")).text


def test_every_board_segment_and_view_is_a_button_away(english: None) -> None:
    reached: set[str] = set()
    for choice in top.CHOICES:
        keyboard = board(choice).keyboard
        assert keyboard is not None
        buttons = [button for line in keyboard.inline_keyboard for button in line]
        reached |= {str(button.callback_data).split("|")[1] for button in buttons}
        assert sum(button.text.startswith("• ") for button in buttons) == 2
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
