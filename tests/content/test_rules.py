"""The pure parts: orders, turns, walks. Whatever the seed and the choices."""

import random
from collections import Counter
from datetime import date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.content import challenges, stories, trivia
from apps.content.checking import paths
from apps.content.library import library
from apps.content.shapes import Story, Words
from apps.content.shuffling import shuffled
from tests.content.conftest import NOW

STORIES = list(library().stories.values())
QUESTIONS = sorted(library().questions)
CHALLENGES = sorted(library().challenges)
LANGUAGES = ("en", "es", "ru")


@given(st.integers(0, 40), st.text(), st.integers())
def test_a_shuffle_is_a_permutation_and_always_the_same(count: int, name: str, number: int) -> None:
    order = shuffled(count, name, number)
    assert sorted(order) == list(range(count))
    assert order == shuffled(count, name, number)


def test_the_right_answer_is_as_often_at_one_place_as_at_another() -> None:
    places = Counter(trivia.order(person, key).index(trivia.RIGHT) for person in range(1, 101) for key in QUESTIONS)
    assert set(places) == {0, 1, 2, 3}
    assert all(1350 < number < 1650 for number in places.values())


def test_who_knows_a_question_of_one_person_knows_nothing_of_anothers() -> None:
    orders = {tuple(trivia.order(person, "q-001")) for person in range(1, 200)}
    assert len(orders) == 24


def test_nothing_comes_twice_before_all_came_and_then_only_after_a_month() -> None:
    last: dict[str, datetime] = {}
    for minute in range(len(QUESTIONS)):
        now = NOW + timedelta(minutes=minute)
        key = trivia.next_question(QUESTIONS, last, 7, now)
        assert key is not None
        assert key not in last
        assert trivia.next_at(QUESTIONS, last) is None
        last[key] = now
    first = min(last, key=lambda key: last[key])
    assert trivia.next_question(QUESTIONS, last, 7, NOW + timedelta(days=30, hours=23)) is None
    assert trivia.next_at(QUESTIONS, last) == NOW + trivia.REST
    assert trivia.next_question(QUESTIONS, last, 7, NOW + trivia.REST) == first


def test_people_do_not_get_the_questions_in_the_same_order() -> None:
    assert len({trivia.next_question(QUESTIONS, {}, person, NOW) for person in range(60)}) > 20


def test_without_questions_there_is_none() -> None:
    assert trivia.next_question([], {}, 7, NOW) is None
    assert trivia.next_at([], {}) is None


def test_an_answer_takes_no_less_than_nothing() -> None:
    assert trivia.milliseconds(NOW, NOW - timedelta(seconds=5)) == 0
    assert trivia.milliseconds(NOW, NOW + timedelta(microseconds=2_999_999)) == 2999


@pytest.mark.parametrize(
    ("en", "es", "ru", "shortest"),
    [
        ("Who?", "¿Quién?", "Кто?", 1000),
        ("one two " * 6, "uno " * 20, "раз " * 11, 1320),
        ("a " * 9, "b " * 9, "c " * 9, 1080),
    ],
)
def test_nobody_reads_a_question_in_less_than_120_ms_a_word_nor_in_less_than_a_second(
    en: str, es: str, ru: str, shortest: int
) -> None:
    question = msgspec.structs.replace(library().questions["q-001"], ask=Words(en, es, ru))
    assert trivia.shortest_milliseconds(question) == shortest, "the language with the fewest words counts"


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_fourteen_days_have_fourteen_challenges(day: date) -> None:
    fortnight = [challenges.of_day(CHALLENGES[::-1], day + timedelta(days=n)) for n in range(len(CHALLENGES))]
    assert sorted(fortnight) == CHALLENGES


@pytest.mark.parametrize("key", CHALLENGES)
def test_steps_are_as_many_in_every_language_and_each_has_its_right_option(key: str) -> None:
    challenge = library().challenges[key]
    found = {language: challenges.steps(challenge, language, 7, "2026-11-24", 1) for language in LANGUAGES}
    assert len({len(steps) for steps in found.values()}) == 1
    for steps in found.values():
        assert all(0 <= step.right < len(step.options) for step in steps)
    assert found["en"] == challenges.steps(challenge, "en", 7, "2026-11-24", 1)


def test_another_attempt_is_mixed_anew() -> None:
    challenge = library().challenges["c-01"]
    assert challenges.steps(challenge, "en", 7, 1) != challenges.steps(challenge, "en", 7, 2)


def test_a_sentence_is_put_together_word_by_word() -> None:
    steps = challenges.steps(library().challenges["c-04"], "en", 7)
    assert [step.options[step.right] for step in steps[:4]] == ["actions", "speak", "louder", "than"]
    assert [step.ask for step in steps[:4]] == ["", "actions", "actions speak", "actions speak louder"]
    assert len(steps) == 9


@given(st.text("01", max_size=20))
def test_a_score_is_a_share_of_a_hundred_and_half_is_enough(marks: str) -> None:
    score = challenges.score(marks)
    assert 0 <= score <= 100
    assert (score == 100) == (bool(marks) and "0" not in marks)
    assert challenges.is_passed(marks) == (bool(marks) and score >= 50)


def test_only_speed_rounds_ask_for_speed() -> None:
    late = NOW + timedelta(seconds=21)
    assert not challenges.in_time(library().challenges["c-01"], NOW, late)
    assert challenges.in_time(library().challenges["c-01"], NOW, NOW + timedelta(seconds=20))
    assert challenges.in_time(library().challenges["c-02"], NOW, late)


@given(st.sampled_from(STORIES), st.integers(0, 2**32))
def test_whoever_walks_at_random_comes_to_an_end(story: Story, seed: int) -> None:
    dice, chapter, made, seen = random.Random(seed), story.first, list[tuple[str, str]](), set[str]()
    while True:
        assert chapter not in seen
        seen.add(chapter)
        flags = stories.flags_of(story, made, chapter)
        key, choice = dice.choice(sorted(stories.offered(story.chapters[chapter], flags).items()))
        made.append((chapter, key))
        if choice.ending:
            assert choice.ending in story.endings
            return
        chapter = choice.to


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_every_chapter_choice_ending_and_secret_is_on_some_way(story: Story) -> None:
    every = paths.states(story)
    offered = [pair for state in every for pair in paths.choices(story, state)]
    hints = {chapter.hint.secret for chapter in story.chapters.values() if chapter.hint}
    assert {state.chapter for state in every} == set(story.chapters)
    assert {key for key, _ in offered} == {k for c in story.chapters.values() for k in c.choices}
    assert {choice.ending for _, choice in offered} - {""} == set(story.endings)
    assert hints | {choice.secret for _, choice in offered} - {""} == set(story.secrets)


def test_a_hidden_choice_is_offered_to_who_made_the_one_it_needs() -> None:
    lamp = library().stories["light"].chapters["lamp"]
    assert "ask" not in stories.offered(lamp, ["follow", "oil"])
    assert "ask" in stories.offered(lamp, ["follow", "ledger"])


def test_a_reader_whose_page_is_gone_stands_where_there_is_one() -> None:
    story = library().stories["light"]
    assert stories.place(story, "gone", 1) == ("shore", 0)
    assert stories.place(story, "lamp", 9) == ("lamp", 1)
    assert stories.place(story, "lamp", -1) == ("lamp", 0)
