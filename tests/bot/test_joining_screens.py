"""Screens of newcomers: every zone is offered, the menu has an order, the quiz says what it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from apps.bot.screens import choices, joining, menu, privacy, quiz
from apps.bot.screens.quiz_words import MEANINGS
from apps.users.selectors import REGIONS, cities
from apps.users.timezones import known_timezones

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["en", "es", "ru"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


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
    assert choices.cities(7, "Indian", found, 99) == choices.cities(7, "Indian", found, (len(found) - 1) // 10)


def test_offsets_are_those_of_the_clock() -> None:
    assert [choices.offset(minutes) for minutes in (0, 330, -210, 60)] == ["+00:00", "+05:30", "-03:30", "+01:00"]


def moment(archetype: str, *paying: str) -> menu.Moment:
    return menu.Moment(archetype, [*menu.PAYING, *menu.BESIDES], paying, "open", timedelta(hours=1))


def test_what_pays_comes_first_in_the_menu_and_then_what_suits() -> None:
    assert menu.chosen(moment("", "trivia", "daily", "quiz")) == ["daily", "trivia", "quiz", "top", "points"]
    assert menu.chosen(moment("Connector", "trivia")) == ["trivia", "invite", "top", "points", "achievements"]
    assert menu.chosen(moment("Explorer", "trivia", "story", "challenge", "daily")) == [
        "daily", "story", "trivia", "challenge", "achievements",
    ]  # fmt: skip


def test_the_quiz_says_that_it_is_no_psychological_test(language: str) -> None:
    said = {"en": "not a psychological test", "es": "no es un test psicológico", "ru": "не психологический тест"}[
        language
    ]
    screens = [quiz.intro(person_id=7), joining.quiz_offer(person_id=7)]
    screens += [quiz.result(person_id=7, archetype=a, side="", again=None) for a in MEANINGS]
    assert all(said in screen.text for screen in screens)


def test_whoever_consents_is_told_that_messages_are_kept_and_how_long(language: str) -> None:
    asked, document = joining.consent(person_id=7).text, privacy.privacy(person_id=7).text
    week = {"en": "week", "es": "semana", "ru": "недел"}[language]
    assert (week in asked, week in document) == (True, True)
