"""Second calls: allowed with a cause that was named, a fault that explains it, and no more than were under way."""

import uuid
from collections import Counter

from torture.answers import THREADS, Answers, disturbances, named, threads_of, without_a_cause
from torture.supervising import procfile

NOON = 1_800_000_000.0


def answered_twice(number: int, cause: str | None, *, at: float = NOON) -> Answers:
    """So many answers that arrived twice, all of them for this cause."""
    events = [str(uuid.uuid4()) for _ in range(number)]
    causes = {event: Counter({cause: 1}) for event in events if cause}
    return Answers({event: [at, at + 0.5] for event in events}, causes)


def test_an_answer_that_arrived_once_needs_no_cause() -> None:
    assert without_a_cause(Answers({"a": [NOON]}, {}), []) == []


def test_a_second_call_that_nobody_has_named_is_found() -> None:
    killed = disturbances([("F06 kill the sender", NOON, NOON + 1)], [], [])
    [note] = without_a_cause(answered_twice(1, None), killed)
    assert "named: nothing" in note


def test_a_second_call_after_a_fault_that_explains_it_is_allowed() -> None:
    killed = disturbances([("F06 kill the sender", NOON, NOON + 1)], [], [])
    assert without_a_cause(answered_twice(3, "sender_gone"), killed) == []
    assert without_a_cause(answered_twice(3, "session_lost"), disturbances([], [NOON + 0.2], [])) == []
    assert without_a_cause(answered_twice(3, "sender_gone"), disturbances([], [], [NOON + 0.2])) == []


def test_a_fault_of_another_kind_explains_nothing() -> None:
    flushed = disturbances([("F25 FLUSHALL", NOON, NOON + 1), ("F57 Telegram's link cut", NOON, NOON + 1)], [], [])
    assert len(without_a_cause(answered_twice(3, "sender_gone"), flushed)) == 3
    assert without_a_cause(answered_twice(30, "no_reply"), flushed) == []


def test_a_fault_of_long_ago_explains_nothing() -> None:
    cut = disturbances([], [NOON - 60], [])
    assert len(without_a_cause(answered_twice(1, "sender_gone"), cut)) == 1


def test_one_session_explains_no_more_calls_than_were_under_way() -> None:
    """As when every claim after one cut looks abandoned: 107 of 260 answers were sent twice."""
    cut = disturbances([], [NOON], [])
    assert len(without_a_cause(answered_twice(107, "sender_gone"), cut)) == 107 - THREADS


def test_a_third_call_needs_a_second_cause() -> None:
    answers = answered_twice(1, "no_reply")
    [times] = answers.sent.values()
    times.append(NOON + 1)
    lost = disturbances([("F57 Telegram's answers lost", NOON, NOON + 1)], [], [])
    assert len(without_a_cause(answers, lost)) == 1


def test_it_reads_what_a_sender_says() -> None:
    event = str(uuid.uuid4())
    line = f"12:00 WARNING bot.handle_update may be made a second time for event {event} (no_reply)"
    assert named([line, "something else", line]) == {event: Counter(no_reply=2)}


def test_it_knows_how_many_threads_send() -> None:
    assert threads_of(procfile()) == THREADS
