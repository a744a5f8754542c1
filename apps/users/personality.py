"""How somebody likes to play, from ten answers: four scores, an archetype, how sure that is; pure.

Preferences for play, not a psychological test: nothing but the order of menus and a segment of the boards follows from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

VERSION = 1
DIMENSIONS = ("exploration", "competition", "narrative", "social")
ARCHETYPES = dict(zip(DIMENSIONS, ("Explorer", "Challenger", "Storyteller", "Connector"), strict=True))
ALL_ROUNDER = "All-rounder"
SCENES = 6
# The statements come after the scenes, one for each dimension in their order.
QUESTIONS = SCENES + len(DIMENSIONS)
LOWEST_MARK, HIGHEST_MARK = 1, 5
SIDE_WITHIN = 8
ALL_WITHIN = 10
RETAKE_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Personality:
    """Four scores from 0 to 100 in the order of DIMENSIONS, the archetype they make, and how sure it is, 0 to 100."""

    scores: tuple[int, ...]
    archetype: str
    confidence: int


def is_answer(question: int, answer: int) -> bool:
    """Say whether this can be the answer: the number of a dimension to a scene, a mark of 1 to 5 to a statement."""
    if 0 <= question < SCENES:
        return 0 <= answer < len(DIMENSIONS)
    return SCENES <= question < QUESTIONS and LOWEST_MARK <= answer <= HIGHEST_MARK


def detect(answers: Sequence[int]) -> Personality:
    """Return what the ten answers say. Raises ValueError if they are not ten answers to these questions."""
    if len(answers) != QUESTIONS or not all(is_answer(n, answer) for n, answer in enumerate(answers)):
        raise ValueError(f"A quiz has {QUESTIONS} answers: {SCENES} dimensions (0 to 3), then marks of 1 to 5.")
    picks = [answers[:SCENES].count(dimension) for dimension in range(len(DIMENSIONS))]
    scores = tuple(_score(p, mark) for p, mark in zip(picks, answers[SCENES:], strict=True))
    highest, second, *_others = sorted(scores, reverse=True)
    return Personality(scores, _archetype(scores), min(100, 4 * (highest - second)))


def quiz_order(person_id: int, question: int) -> list[int]:
    """Return the dimensions in the order in which the person sees the scene's answers: theirs, and always the same."""
    seeds = {n: sha256(f"quiz|{person_id}|{question}|{n}".encode()).digest() for n in range(len(DIMENSIONS))}
    return sorted(seeds, key=lambda n: seeds[n])


def main_archetype(archetype: str) -> str:
    """Return the archetype without its side; "" for a text that is none."""
    known = [*ARCHETYPES.values(), ALL_ROUNDER]
    return next((name for name in known if archetype.startswith(name)), "")


def side_of(archetype: str) -> str:
    """Return the side of an archetype that has one, else ""."""
    _main, separator, side = archetype.partition(" with a")
    return next((name for name in ARCHETYPES.values() if separator and name in side), "")


def _score(picks: int, mark: int) -> int:
    """Return half from the scenes and half from the statement, half up: 50 * picks / 6 + 50 * (mark - 1) / 4."""
    return (100 * picks + 150 * (mark - 1) + 6) // 12


def _archetype(scores: Sequence[int]) -> str:
    if max(scores) - min(scores) <= ALL_WITHIN:
        return ALL_ROUNDER
    ranked = sorted(range(len(DIMENSIONS)), key=lambda n: (-scores[n], n))
    first, second = (ARCHETYPES[DIMENSIONS[n]] for n in ranked[:2])
    if scores[ranked[0]] - scores[ranked[1]] > SIDE_WITHIN:
        return first
    return f"{first} with {'an' if second[0] in 'AEIOU' else 'a'} {second} side"


_TUTORIALS = {
    "Explorer": ("story", "achievement", "daily", "board"),
    "Challenger": ("board", "daily", "achievement", "story"),
    "Storyteller": ("story", "daily", "achievement", "board"),
    "Connector": ("board", "daily", "story", "achievement"),
}


def tutorial_order(archetype: str) -> tuple[str, ...]:
    """Return the steps of the tutorial in the order that suits the archetype; the daily reward first for who has none."""
    return _TUTORIALS.get(main_archetype(archetype), ("daily", "story", "board", "achievement"))
