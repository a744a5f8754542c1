"""The screen /achievements: what is shown of what somebody has, and where its buttons lead."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from apps.bot import pages
from apps.bot.screens import achievements
from apps.bot.screens.achievement_words import CATEGORIES, DESCRIPTIONS, TITLES
from apps.bot.screens.layout import Screen
from apps.gamification.models import Achievement
from tests.gamification.acts import NOON, award, event, message, person


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def buttons(screen: Screen) -> list[str]:
    """Return what the buttons carry."""
    assert screen.keyboard is not None
    return [str(button.callback_data) for row in screen.keyboard.inline_keyboard for button in row]


def line(key: str = "voice", **fields: object) -> achievements.Line:
    return achievements.Line(key, "", "", "social", (), "bronze", 0, 100)._replace(**fields)


def test_the_overview_counts_by_category_and_shows_what_is_near() -> None:
    lines = [line(tiers=("bronze",), next_tier="silver", value=900, target=1000), line("own", title="Own <1>")]
    text = achievements.overview(person_id=7, lines=lines).text
    assert "<b>Achievements: 1 of 2</b>" in text
    assert "Company: 1/2" in text
    assert (
        "Within reach</b>\n🥉 <b>Voice</b> · bronze\nWrite messages in groups.\n▰▰▰▰▰▰▰▱ 900/1,000 messages · silver"
        in text
    )


def test_nothing_yet_says_what_to_do() -> None:
    assert "everything you do here counts" in achievements.overview(person_id=7, lines=[line()]).text


def test_a_category_shows_all_of_it() -> None:
    lines = [line("own", title="Own <1>"), line("climber", category="progress"), line(tiers=("gold",), times=3)]
    screen = achievements.category(person_id=7, category="social", lines=lines)
    assert "▫️ Own &lt;1&gt;" in screen.text
    assert "🥇 <b>Voice</b> · gold ×3" in screen.text
    assert "Climber" not in screen.text
    assert buttons(screen)[:2] == ["v1|ach_progress|show|7", "v1|achievements|show|7"]


def test_a_long_category_has_pages() -> None:
    lines = [line(f"own_{n}") for n in range(23)]
    screens = [achievements.category(person_id=7, category="social", lines=lines, page=n) for n in (1, 2, 3, 99)]
    assert ["2/3" in screen.text for screen in screens] == [False, True, False, False]
    assert [screen.text.count("▫️") for screen in screens] == [10, 10, 3, 3]
    assert "v1|ach_social_2|show|7" in buttons(screens[0])
    assert not any("ach_social_" in data for data in buttons(screens[2]))


def test_a_bar_is_full_only_at_the_target() -> None:
    assert [achievements.bar(n, 100) for n in (0, 12, 13, 99, 100, 500)] == [
        "▱▱▱▱▱▱▱▱",
        "▱▱▱▱▱▱▱▱",
        "▰▱▱▱▱▱▱▱",
        "▰▰▰▰▰▰▰▱",
        "▰▰▰▰▰▰▰▰",
        "▰▰▰▰▰▰▰▰",
    ]


@pytest.mark.django_db
def test_every_achievement_of_the_catalogue_has_its_words() -> None:
    rows = list(Achievement.objects.values_list("key", "title", "description", "category"))
    assert {key for key, *_ in rows} == set(TITLES) == set(DESCRIPTIONS)
    for key, title, description, category in rows:
        assert (str(TITLES[key]), str(DESCRIPTIONS[key])) == (title, description)
        assert category in CATEGORIES


@pytest.mark.django_db
def test_the_pages_show_what_the_person_has() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(100)])
    overview = pages.show("achievements", somebody, now=NOON)
    assert overview.template == "achievements"
    assert "Company: 1/" in overview.text
    for data in buttons(overview):
        button = pages.parse_callback(data)
        assert button.owner == str(somebody)
        assert pages.show(button.screen, somebody, now=NOON).text
    social = pages.show("ach_social", somebody, now=NOON)
    assert "🥉 <b>Voice</b> · bronze" in social.text
    assert "Nothing here yet." in pages.show("ach_nothing_9", somebody, now=NOON).text
    engagement = pages.show("ach_engagement", somebody, now=NOON)
    assert "Welcome Back" not in engagement.text, "secret"
    award(event("user.returned", somebody, days_away=9))
    assert "🗝 <b>Welcome Back</b>" in pages.show("ach_engagement", somebody, now=NOON).text
