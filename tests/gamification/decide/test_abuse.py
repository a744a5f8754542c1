"""Detectors: what they remember leads to the same answer as the whole history, in a fixed size, and never on payments."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide import chain, facts, state
from apps.gamification.decide.abuse import (
    bursts,
    fast_answers,
    judging,
    long_session,
    rapid_fire,
    referral_burst,
    same_content,
)
from apps.gamification.decide.abuse.config import RECOMMENDED, Detectors
from apps.gamification.decide.abuse.fast_answers import FastAnswers
from apps.gamification.decide.abuse.hits import ACTS, Hit, Memory
from apps.gamification.decide.abuse.long_session import LongSession
from apps.gamification.decide.abuse.rapid_fire import RapidFire
from apps.gamification.decide.abuse.same_content import SameContent
from apps.gamification.decide.awarding import decide
from apps.gamification.decide.entries import Standing
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.outcomes import Awarded, Flagged, Held, Noticed, Outcome, Suppressed
from apps.gamification.decide.rules import Limit, Multipliers, MultiplierVersion, Rule, Rulebook
from apps.gamification.handlers import AWARDED_TYPES

NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
SECOND = 1_000_000
MESSAGE = Rule("message_sent", 1, facts.EPOCH, "game.message_sent", 5, (Limit("hour", 100),))
PAID = Rule("vip_purchase", 1, facts.EPOCH, "payment.succeeded", 1000, capped=False, multiplied=False)


def act(seconds: float, n: int = 1, event_type: str = "game.message_sent", **fields: object) -> Fact:
    """Return an act so many seconds after noon."""
    at = facts.microseconds(NOON) + int(seconds * SECOND)
    return facts.fact(
        position=n, event_id=UUID(int=n), type=event_type, at=at, utc_offset_minutes=0, fields=dict(fields)
    )


def book(detectors: Detectors) -> Rulebook:
    """Return two rules, and these detectors."""
    return Rulebook([MESSAGE, PAID], [MultiplierVersion(1, facts.EPOCH, Multipliers(detectors=detectors))])


def standing() -> Standing:
    """Return a fresh account."""
    return Standing(7, 0, 0, 0, chain.genesis(7), state.State())


def run(of: Standing, detectors: Detectors, *happened: Fact) -> list[Outcome]:
    """Decide on one act after the other."""
    return [outcome for fact in happened for outcome in decide(of, fact, book(detectors))]


def kinds(outcomes: list[Outcome], kind: type[Outcome]) -> int:
    """Count the outcomes of a kind."""
    return sum(isinstance(outcome, kind) for outcome in outcomes)


seconds = st.integers(min_value=-40, max_value=80)


@given(st.lists(seconds, max_size=40), st.integers(1, 6), st.integers(5, 60))
def test_a_burst_is_found_as_the_whole_history_has_it_in_whatever_order_acts_come(
    times: list[int], more_than: int, span: int
) -> None:
    memory: Memory = {}
    at = [t * SECOND for t in times]
    for n, now in enumerate(at):
        hit = bursts.count(memory, "b", now, more_than=more_than, seconds=span)
        last = at[max(0, n - more_than) : n + 1]
        expected = len(last) == more_than + 1 and max(last) - min(last) < span * SECOND
        assert hit == (Hit(more_than + 1, min(last)) if expected else None)
        assert len(memory["b"]) <= more_than


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from("abc")), max_size=40))
def test_the_same_content_is_found_as_the_whole_history_has_it(sent: list[tuple[int, str]]) -> None:
    memory: Memory = {}
    config = SameContent("flag", more_than=2, minutes=10)
    now, history = 0, list[tuple[int, str]]()
    for gap, text in sent:
        now += gap
        same = [at for at, other in history if other == text and now - at < 600]
        hit = same_content.watch(config, memory, act(now, content_digest=text * 32))
        assert (hit is not None) == (len(same) >= 2)
        history.append((now, text))
        assert len(memory) <= 3


def test_not_all_texts_are_remembered() -> None:
    memory: Memory = {}
    for n in range(200):
        same_content.watch(SameContent("flag"), memory, act(n, content_digest=f"{n:032}"[::-1]))
    assert len(memory) == same_content.REMEMBERED


@given(st.lists(st.integers(0, 60), max_size=60))
def test_a_session_is_found_as_the_whole_history_has_it(gaps: list[int]) -> None:
    memory: Memory = {}
    config = LongSession("flag", hours=2, pause_minutes=30)
    minutes = list[int]()
    for gap in gaps:
        minutes.append((minutes[-1] if minutes else 0) + gap)
        begun = max((m for before, m in pairwise(minutes) if m - before >= 30), default=minutes[0])
        hit = long_session.watch(config, memory, act(minutes[-1] * 60))
        assert (hit.score if hit else None) == (minutes[-1] - begun if minutes[-1] - begun > 120 else None)


def test_a_clock_that_ran_ahead_holds_no_session_open() -> None:
    memory: Memory = {}
    config = LongSession("flag")
    for at in (0, 86_400 * 365, 60, 120):
        assert long_session.watch(config, memory, act(at)) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 2000)), max_size=30))
def test_fast_answers_are_counted_in_a_row(answers: list[tuple[bool, int]]) -> None:
    memory: Memory = {}
    row = 0
    for correct, took in answers:
        row = row + 1 if correct and took < 1000 else 0
        given_in = act(
            0,
            event_type="game.trivia_completed",
            question="q",
            correct=correct,
            milliseconds=took,
            shortest_milliseconds=1000,
        )
        hit = fast_answers.watch(FastAnswers("flag"), memory, given_in)
        assert (hit.score if hit else 0) == (row if row >= 3 else 0)


def test_the_eleventh_act_in_half_a_minute_is_rapid_fire_and_six_referrals_in_an_hour_are_too_many() -> None:
    memory: Memory = {}
    hits = [rapid_fire.watch(RapidFire("flag"), memory, act(n * 2.9)) for n in range(11)]
    assert [hit is not None for hit in hits] == [False] * 10 + [True]
    assert rapid_fire.watch(RapidFire("flag"), {}, act(0)) is None
    book_of = RECOMMENDED.referral_burst
    found = [
        referral_burst.watch(book_of, memory, act(n * 600, event_type="user.referral_qualified")) for n in range(6)
    ]
    assert [hit is not None for hit in found] == [False] * 5 + [True]


def test_detectors_are_off_by_default_and_cost_no_memory() -> None:
    account = standing()
    outcomes = run(account, Detectors(), *[act(0, n, content_digest="a") for n in range(1, 40)])
    assert kinds(outcomes, Awarded) == 39
    assert (account.state.watch, account.state.flags) == ({}, {})


def test_a_detector_that_suppresses_takes_the_points_and_names_itself() -> None:
    account = standing()
    outcomes = run(account, Detectors(rapid_fire=RapidFire("suppress")), *[act(0, n) for n in range(1, 14)])
    suppressed = [o for o in outcomes if isinstance(o, Suppressed)]
    assert (kinds(outcomes, Awarded), len(suppressed), account.balance) == (10, 3, 50)
    assert [(o.reason, o.entry.note if o.entry else None) for o in suppressed] == [
        ("abuse", "abuse=rapid_fire"),
        ("abuse", None),
        ("abuse", None),
    ]
    assert account.state.flags == {}


def test_a_detector_that_flags_holds_tells_once_and_counts_no_limit() -> None:
    account = standing()
    outcomes = run(account, Detectors(rapid_fire=RapidFire("flag")), *[act(0, n) for n in range(1, 14)])
    assert (kinds(outcomes, Awarded), kinds(outcomes, Flagged), kinds(outcomes, Noticed)) == (10, 1, 3)
    assert [o for o in outcomes if isinstance(o, Held)] == [Held(11, "message_sent", 1, 5, "")] * 3
    assert account.state.flags == {"rapid_fire": [11, 3]}
    assert sum(account.state.hours["message_sent"].values()) == 10


def test_after_a_decision_the_next_act_raises_another_flag() -> None:
    account = standing()
    detectors = Detectors(rapid_fire=RapidFire("flag"))
    run(account, detectors, *[act(0, n) for n in range(1, 13)])
    run(account, detectors, act(0, 20, "admin.abuse_resolved", flag=999, verdict="dismissed"))
    assert account.state.flags == {"rapid_fire": [11, 2]}
    run(account, detectors, act(0, 21, "admin.abuse_resolved", flag=11, verdict="dismissed"))
    outcomes = run(account, detectors, act(0, 22))
    assert (kinds(outcomes, Flagged), account.state.flags) == (1, {"rapid_fire": [22, 1]})


def test_a_flag_holds_only_so_many_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "HELD_AT_MOST", 2)
    outcomes = run(standing(), Detectors(rapid_fire=RapidFire("flag")), *[act(0, n) for n in range(1, 15)])
    assert (kinds(outcomes, Held), kinds(outcomes, Suppressed)) == (2, 2)


def test_suppressing_outdoes_holding_and_the_suspended_are_not_held() -> None:
    both = Detectors(rapid_fire=RapidFire("flag"), same_content=SameContent("suppress", more_than=1))
    outcomes = run(standing(), both, *[act(0, n, content_digest="a") for n in range(1, 13)])
    assert (kinds(outcomes, Held), kinds(outcomes, Suppressed), kinds(outcomes, Flagged)) == (0, 11, 1)
    account = standing()
    account.state.suspended_until = 2**62
    outcomes = run(account, Detectors(rapid_fire=RapidFire("flag")), *[act(0, n) for n in range(1, 13)])
    assert {o.reason for o in outcomes if isinstance(o, Suppressed)} == {"suspended"}
    assert kinds(outcomes, Held) == 0


def test_no_detector_looks_at_payments() -> None:
    types = frozenset[str]().union(*(types for types, _ in judging.DETECTORS.values()))
    assert not [t for t in {*types, *judging.BY_TYPE} if t.startswith("payment.")]
    assert types <= set(AWARDED_TYPES)
    greedy = frozenset({"payment.succeeded", "game.login"})
    assert list(judging.by_type({"greedy": (greedy, rapid_fire.watch)})) == ["game.login"]
    account = standing()
    eager = Detectors(rapid_fire=RapidFire("flag", more_than=1), long_session=LongSession("suppress", hours=1))
    run(account, eager, *[act(n * 60, n) for n in range(1, 200)])
    outcomes = run(account, eager, *[act(12_000, n, "payment.succeeded", charge=str(n)) for n in range(300, 320)])
    assert (kinds(outcomes, Awarded), kinds(outcomes, Held), kinds(outcomes, Suppressed)) == (20, 0, 0)


@given(
    st.lists(
        st.tuples(st.sampled_from([*sorted(ACTS), "user.referral_qualified"]), st.integers(0, 90), st.booleans()),
        max_size=60,
    )
)
def test_memory_is_bounded_and_the_same_history_gives_the_same_through_the_stored_document(
    happened: list[tuple[str, int, bool]],
) -> None:
    whole, stored, now = standing(), standing(), 0
    for n, (event_type, gap, yes) in enumerate(happened, start=1):
        now += gap
        told = {"content_digest": "ab"[yes] * 32, "correct": yes, "milliseconds": 500, "story": "s", "chapter": f"{n}"}
        fact = act(now, n, event_type, **told)
        detectors = Detectors(**{name: type(getattr(RECOMMENDED, name))("flag") for name in judging.DETECTORS})
        first = run(whole, detectors, fact)
        stored.state = state.decode(state.encode(stored.state))
        assert run(stored, detectors, fact) == first
    assert whole.state == stored.state
    assert sum(map(len, whole.state.watch.values())) <= 60


def test_a_detector_is_registered_with_its_configuration() -> None:
    assert set(judging.DETECTORS) == set(Detectors.__struct_fields__)
    assert all(isinstance(getattr(RECOMMENDED, name).action, str) for name in judging.DETECTORS)
    assert timedelta(seconds=RECOMMENDED.rapid_fire.seconds) == timedelta(seconds=30)
