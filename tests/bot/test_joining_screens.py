"""Screens of newcomers: every zone is offered, the menu has an order, the quiz says what it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from telegram import InlineKeyboardButton

from apps.bot.screens import choices, joining, menu, privacy, quiz
from apps.bot.screens.quiz_words import MEANINGS
from apps.users.selectors import offsets, zones_at
from apps.users.zones import places

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["en", "es", "ru"], autouse=True)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    with translation.override(request.param):
        yield request.param


def test_every_zone_is_behind_a_time_and_a_city() -> None:
    found, back = offsets(NOON), choices.button("‹", "settings", "show", 7)
    times, offered = set[str](), set[str]()
    for page in range(len(found) // choices.TIMES_A_PAGE + 1):
        times |= behind(choices.times(7, found, page, NOON, back), "|zone|")
    for minutes in found:
        zones = zones_at(minutes, "en", NOON)
        for page in range(len(zones) // choices.CITIES_A_PAGE + 1):
            offered |= behind(choices.cities(7, zones, page, NOON, choices.word_of(minutes)), "|tz|")
    assert {choices.minutes_of(word) for word in times if word[0] in "ew"} == set(found)
    assert offered == set(places())


def behind(rows: list[list[InlineKeyboardButton]], what: str) -> set[str]:
    """Return what the buttons of one kind carry first behind the person."""
    found = [str(button.callback_data) for row in rows for button in row]
    return {data.split(".", 2)[1] for data in found if what in data and "." in data}


def test_a_page_too_far_is_the_last() -> None:
    zones, back = zones_at(60, "en", NOON), choices.button("‹", "settings", "show", 7)
    last = (len(zones) - 1) // choices.CITIES_A_PAGE
    assert choices.cities(7, zones, 99, NOON, "e60") == choices.cities(7, zones, last, NOON, "e60")
    assert choices.times(7, offsets(NOON), 99, NOON, back) == choices.times(7, offsets(NOON), 2, NOON, back)


def test_the_times_are_those_of_clocks_each_once(language: str) -> None:
    back = choices.button("‹", "settings", "show", 7)
    rows = [row for page in range(3) for row in choices.times(7, offsets(NOON), page, NOON, back)[:-1]]
    labels = [button.text for row in rows for button in row]
    assert len(labels) == len(set(labels)) == len(offsets(NOON))
    assert {"en": "5:30\u00a0PM", "es": "5:30\u00a0PM", "ru": "17:30"}[language] in labels
    assert [label for label in labels if "+" in label] == []


@pytest.mark.parametrize("word", ["", "Europe", "e", "60", "e٣", "e99999", "x60", "e6 0"])
def test_a_word_that_is_no_time_is_none(word: str) -> None:
    assert choices.minutes_of(word) is None


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
