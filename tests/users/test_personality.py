"""The quiz's arithmetic: for all answers that there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.users import personality
from apps.users.personality import ARCHETYPES, detect, main_archetype, quiz_order, side_of, tutorial_order

ANSWERS = st.tuples(
    st.lists(st.integers(0, 3), min_size=6, max_size=6), st.lists(st.integers(1, 5), min_size=4, max_size=4)
).map(lambda parts: [*parts[0], *parts[1]])


@given(ANSWERS)
def test_scores_follow_the_formula_half_up(answers: list[int]) -> None:
    found = detect(answers)
    for dimension, score in enumerate(found.scores):
        exact = 50 * answers[:6].count(dimension) / 6 + 50 * (answers[6 + dimension] - 1) / 4
        assert 0 <= score <= 100
        assert score - exact <= 0.5 + 1e-9
        assert exact - score < 0.5


@given(ANSWERS)
def test_archetype_and_confidence_follow_from_the_scores(answers: list[int]) -> None:
    found = detect(answers)
    highest, second, *_rest, lowest = sorted(found.scores, reverse=True)
    assert found.confidence == min(100, 4 * (highest - second))
    if highest - lowest <= 10:
        assert found.archetype == "All-rounder"
        return
    best = {name for name, score in zip(ARCHETYPES.values(), found.scores, strict=True) if score == highest}
    assert main_archetype(found.archetype) in best
    side = side_of(found.archetype)
    assert bool(side) == (highest - second <= 8)
    if side:
        assert found.scores[list(ARCHETYPES.values()).index(side)] == second
        assert side != main_archetype(found.archetype)


@pytest.mark.parametrize(
    ("answers", "scores", "archetype", "confidence"),
    [
        ([0] * 6 + [5, 1, 1, 1], (100, 0, 0, 0), "Explorer", 100),
        ([3] * 6 + [1, 1, 1, 5], (0, 0, 0, 100), "Connector", 100),
        ([0, 0, 0, 3, 3, 3, 5, 1, 1, 5], (75, 0, 0, 75), "Explorer with a Connector side", 0),
        ([1, 1, 1, 0, 0, 0, 5, 5, 1, 1], (75, 75, 0, 0), "Explorer with a Challenger side", 0),
        ([2, 2, 2, 0, 0, 1, 3, 1, 3, 1], (42, 8, 50, 0), "Storyteller with an Explorer side", 32),
        ([0, 0, 1, 1, 2, 3, 3, 3, 4, 4], (42, 42, 46, 46), "All-rounder", 0),
        ([0, 1, 1, 1, 2, 2, 2, 1, 1, 1], (21, 25, 17, 0), "Challenger with an Explorer side", 16),
    ],
)
def test_known_answers_make_known_archetypes(
    answers: list[int], scores: tuple[int, ...], archetype: str, confidence: int
) -> None:
    assert detect(answers) == personality.Personality(scores, archetype, confidence)


@pytest.mark.parametrize(
    "answers", [[], [0] * 9, [0] * 11, [4] + [0] * 5 + [1] * 4, [0] * 6 + [0, 1, 1, 1], [0] * 6 + [6, 1, 1, 1]]
)
def test_what_are_no_ten_answers_is_refused(answers: list[int]) -> None:
    with pytest.raises(ValueError, match="10 answers"):
        detect(answers)


@given(st.integers(1, 2**40), st.integers(0, 5))
def test_each_person_has_an_order_of_answers_that_stays(person_id: int, question: int) -> None:
    order = quiz_order(person_id, question)
    assert sorted(order) == [0, 1, 2, 3]
    assert order == quiz_order(person_id, question)


def test_orders_differ_between_people_and_questions() -> None:
    firsts = [quiz_order(person, 0)[0] for person in range(400)]
    assert all(60 <= firsts.count(dimension) <= 140 for dimension in range(4))
    assert len({tuple(quiz_order(7, question)) for question in range(6)}) > 1


@given(st.sampled_from([*ARCHETYPES.values(), "All-rounder", "", "nonsense"]))
def test_every_tutorial_has_the_four_steps(archetype: str) -> None:
    assert sorted(tutorial_order(archetype)) == ["achievement", "board", "daily", "story"]


def test_the_order_of_the_tutorial_suits_the_archetype() -> None:
    assert tutorial_order("Storyteller with a Connector side")[0] == "story"
    assert tutorial_order("Challenger")[0] == "board"
    assert tutorial_order("")[0] == "daily"


@pytest.mark.parametrize("text", ["", "Nobody", "a Connector side"])
def test_a_text_that_is_no_archetype_has_none(text: str) -> None:
    assert main_archetype(text) == side_of(text) == ""
