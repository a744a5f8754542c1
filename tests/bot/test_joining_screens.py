"""Screens of newcomers and settings: whole in every language, harmless, within the bounds of Telegram."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from apps.bot.screens import choices, invite, joining, menu, quiz, settings, tutorial
from apps.bot.screens.layout import Screen
from apps.bot.screens.quiz_words import ARCHETYPES, MEANINGS
from apps.users.selectors import REGIONS, cities, quiz_order
from apps.users.timezones import known_timezones

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
# As long as an id gets: buttons must still fit.
ME = 10**15
STEPS = ("daily", "story", "board", "achievement")
PAGES = ("story", "trivia", "challenge", "top", "achievements", "invite", "quiz", "tutorial", "profile", "settings")


@pytest.fixture(params=["en", "es", "ru"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def all_screens() -> list[Screen]:
    set_ = settings.SettingsData(ME, "es", "Europe/Madrid", "14:05", "alias", True, False, (22, 8))
    zones = {region: cities(region, NOON) for region in REGIONS}
    return [
        joining.language(person_id=ME, name="<b>Ada", current="en"),
        joining.regions(person_id=ME, first_steps=True),
        *(
            joining.cities(person_id=ME, region=region, zones=found, page=page, first_steps=False)
            for region, found in zones.items()
            for page in range(len(found) // choices.CITIES_A_PAGE + 2)
        ),
        joining.visibility(person_id=ME, name="<i>", alias="Otter 1", current="name"),
        joining.consent(person_id=ME),
        joining.quiz_offer(person_id=ME),
        settings.settings(set_),
        settings.settings(set_._replace(quiet=(0, 0), visibility="hidden", notices=False)),
        *(menu.menu(person_id=ME, archetype=archetype, pages=PAGES, joined=True) for archetype in ("", *menu.FIRST)),
        quiz.intro(person_id=ME),
        *(
            quiz.question(person_id=ME, attempt_id=10**12, number=number, order=quiz_order(ME, number))
            for number in range(quiz.QUESTIONS)
        ),
        *(quiz.result(person_id=ME, archetype=a, side="", again=None) for a in ARCHETYPES),
        quiz.result(person_id=ME, archetype="Explorer", side="Connector", again=date(2026, 12, 22)),
        tutorial.tutorial(person_id=ME, steps=STEPS, done=["daily"], pages=PAGES),
        tutorial.tutorial(person_id=ME, steps=STEPS, done=[], pages=[]),
        tutorial.tutorial(person_id=ME, steps=STEPS, done=STEPS, pages=PAGES),
        tutorial.skipped(person_id=ME),
        *(invite.invite(person_id=ME, link="https://t.me/b?start=r_a&b", came=n, stayed=n, paid=n) for n in (0, 1, 5)),
    ]


def test_every_screen_is_whole_html_within_telegrams_bounds(language: str) -> None:
    for screen in all_screens():
        assert 0 < len(screen.text) <= 4096
        assert re.fullmatch(r"[a-z_]+", screen.template)
        assert re.findall(r"<(\w+)>", screen.text) == re.findall(r"</(\w+)>", screen.text)
        assert not re.search(r"<(?!/?b>)|%\(", screen.text), screen.text
        assert screen.keyboard is not None
        buttons = [button for row in screen.keyboard.inline_keyboard for button in row]
        assert 0 < len(buttons) <= 100
        assert all(0 < len(button.text) <= 64 for button in buttons)
        assert all(len(str(button.callback_data).encode()) <= 64 for button in buttons)


def test_every_zone_of_the_regions_is_behind_a_button() -> None:
    offered = set[str]()
    for region in REGIONS:
        found = cities(region, NOON)
        for page in range(len(found) // choices.CITIES_A_PAGE + 1):
            for row in choices.cities(7, region, found, page):
                offered |= {str(b.callback_data).split(".", 1)[1] for b in row if "|tz|" in str(b.callback_data)}
    assert offered == {name for name in known_timezones() if name.split("/")[0] in REGIONS and "/" in name}


def test_a_page_too_far_is_the_last() -> None:
    found = cities("Indian", NOON)
    assert choices.cities(7, "Indian", found, 99) == choices.cities(7, "Indian", found, (len(found) - 1) // 12)


def test_offsets_are_those_of_the_clock() -> None:
    assert [choices.offset(minutes) for minutes in (0, 330, -210, 60)] == ["+00:00", "+05:30", "-03:30", "+01:00"]


def test_what_suits_comes_first_in_the_menu_and_nothing_is_missing() -> None:
    pages = ["a", "story", "invite", "top"]
    assert menu.order("Connector", pages) == ["invite", "top", "a", "story"]
    assert menu.order("", pages) == pages
    assert sorted(menu.order("Explorer", pages)) == sorted(pages)


def test_the_quiz_says_that_it_is_no_psychological_test(language: str) -> None:
    said = {"en": "not a psychological test", "es": "no es un test psicológico", "ru": "не психологический тест"}[
        language
    ]
    screens = [quiz.intro(person_id=7), joining.quiz_offer(person_id=7)]
    screens += [quiz.result(person_id=7, archetype=a, side="", again=None) for a in MEANINGS]
    assert all(said in screen.text for screen in screens)
