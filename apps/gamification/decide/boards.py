"""What an account's state says to the boards: scores that are no points, and how the person wants to be seen there."""

from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple, get_args

from apps.gamification.decide.entries import Board as Board
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.state import State

BOARDS: tuple[Board, ...] = get_args(Board)
PERIODIC: tuple[Board, ...] = ("daily", "weekly", "monthly")
OF_STATES: tuple[Board, ...] = ("streak", "narrative", "trivia", "achievements")
# What stands in the tables; never renumbered.
CODES: dict[Board, int] = {board: number for number, board in enumerate(BOARDS, start=1)}
# The period of a board that has none.
ALWAYS = date(1970, 1, 1)

ARCHETYPES = ("explorer", "challenger", "storyteller", "connector", "all_rounder")
# Far more than any content has; what comes from elsewhere must not grow the document without bound.
MOST_CHAPTERS = 500


class Look(NamedTuple):
    """What boards need to know of a person; `vip_until` in microseconds since 1970, 0 for never."""

    shown: bool
    alias: bool
    vip_until: int
    archetype: str


class Snapshot(NamedTuple):
    """All that boards take from a state."""

    scores: dict[Board, int]
    look: Look


def beginning(board: Board, day: date) -> date:
    """Return the first date (UTC) of the board's period that the date lies in; weeks begin on Monday."""
    match board:
        case "daily":
            return day
        case "weekly":
            return day - timedelta(days=day.weekday())
        case "monthly":
            return day.replace(day=1)
    return ALWAYS


def following(board: Board, period: date) -> date:
    """Return where the period after this one begins; only boards with periods have one."""
    match board:
        case "daily":
            return period + timedelta(days=1)
        case "weekly":
            return period + timedelta(days=7)
        case "monthly":
            return (period + timedelta(days=31)).replace(day=1)
    raise ValueError(f"{board} has no periods")


def snapshot(state: State) -> Snapshot:
    """Return scores and look; here stands from which field each score comes."""
    scores: dict[Board, int] = {
        "streak": state.streak_days,
        "narrative": len(state.chapters),
        "trivia": state.correct_answers,
        "achievements": state.unlocks,
    }
    return Snapshot(scores, Look(state.shown, state.visibility == "alias", state.vip_until, state.archetype))


def mark(state: State) -> tuple[object, ...]:
    """Return what snapshot() reads, the scores of OF_STATES first, for a quick comparison before and after a fact."""
    return (
        state.streak_days,
        len(state.chapters),
        state.correct_answers,
        state.unlocks,
        state.shown,
        state.visibility,
        state.vip_until,
        state.archetype,
    )


def fold(state: State, fact: Fact) -> None:
    """Count what the fact adds, and note how the person is seen from now on; suspension ends with the first fact after it."""
    count = _COUNTS.get(fact.type)
    if count:
        count(state, fact)
    state.shown = not (state.away or state.visibility in ("hidden", "erased") or fact.at < state.suspended_until)


def follow(standing: Standing, before: tuple[object, ...], fact: Fact) -> None:
    """Note on the standing which scores the fact changed, and whether the look: whoever stores writes these rows."""
    after = mark(standing.state)
    if after == before:
        return
    for place, board in enumerate(OF_STATES):
        if after[place] != before[place]:
            standing.moved[board] = fact.at
    if after[len(OF_STATES) :] != before[len(OF_STATES) :]:
        standing.look_changed = True


def _chapter(state: State, fact: Fact) -> None:
    """A chapter counts once, however often it is read."""
    text = f"{fact.fields['story']}\0{fact.fields['chapter']}"
    chapter = sha256(text.encode()).hexdigest()[:12]
    if chapter not in state.chapters and len(state.chapters) < MOST_CHAPTERS:
        state.chapters.append(chapter)


def _answer(state: State, fact: Fact) -> None:
    if fact.fields["correct"]:
        state.correct_answers += 1


def _unlocked(state: State, fact: Fact) -> None:
    state.unlocks += 1


def _revoked(state: State, fact: Fact) -> None:
    state.unlocks = max(state.unlocks - 1, 0)


def _visibility(state: State, fact: Fact) -> None:
    if state.visibility != "erased":
        state.visibility = fact.fields["mode"]


def _erased(state: State, fact: Fact) -> None:
    state.visibility = "erased"


def _left(state: State, fact: Fact) -> None:
    state.away = True


def _came_back(state: State, fact: Fact) -> None:
    state.away = False


def _archetype(state: State, fact: Fact) -> None:
    """`Explorer with a Connector side` is an explorer; a name that is none makes no segment."""
    text = fact.fields["archetype"].lower().replace("-", "_").replace(" ", "_")
    state.archetype = next((name for name in ARCHETYPES if text.startswith(name)), "")


_COUNTS: dict[str, Callable[[State, Fact], None]] = {
    "narrative.chapter_completed": _chapter,
    "game.trivia_completed": _answer,
    "game.achievement_unlocked": _unlocked,
    "game.achievement_revoked": _revoked,
    "user.visibility_changed": _visibility,
    "user.erased": _erased,
    "user.deactivated": _left,
    "user.reactivated": _came_back,
    "user.personality_detected": _archetype,
}
