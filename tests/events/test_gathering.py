"""Many coroutines asking at once: together, in order, each its own answer, nobody another's trouble."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from diana.events import gathering, loop
from diana.events.gathering import Gathering


class Doubling:
    """Doubles numbers and remembers who came together; odd ones fail when it is told so."""

    def __init__(self, *, fail: Exception | None = None) -> None:
        self.batches: list[list[int]] = []
        self.fail = fail
        self.go = threading.Event()
        self.go.set()

    def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.go.wait(5)
        self.batches.append(list(numbers))
        if self.fail and any(number % 2 for number in numbers):
            raise self.fail
        return [ValueError("thirteen") if number == 13 else 2 * number for number in numbers]


def ask(doubling: Doubling, *numbers: int) -> list[int | BaseException]:
    gathered = Gathering(doubling)

    async def all_of_them() -> list[int | BaseException]:
        return await asyncio.gather(*map(gathered, numbers), return_exceptions=True)

    return loop.run(all_of_them())


def test_who_comes_at_once_goes_together() -> None:
    doubling = Doubling()
    assert ask(doubling, 1, 2, 3, 4) == [2, 4, 6, 8]
    assert doubling.batches == [[1, 2, 3, 4]]


def test_who_comes_while_one_is_under_way_goes_along_with_the_next() -> None:
    doubling = Doubling()
    doubling.go.clear()
    gathered = Gathering(doubling)

    async def one_after_the_other() -> list[int]:
        first = asyncio.ensure_future(gathered(1))
        await asyncio.sleep(0.05)
        others = [asyncio.ensure_future(gathered(number)) for number in (2, 3)]
        await asyncio.sleep(0)
        doubling.go.set()
        return list(await asyncio.gather(first, *others))

    assert loop.run(one_after_the_other()) == [2, 4, 6]
    assert doubling.batches == [[1], [2, 3]]


def test_a_batch_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "AT_ONCE", 3)
    doubling = Doubling()
    assert ask(doubling, *range(8)) == [2 * number for number in range(8)]
    assert [len(batch) for batch in doubling.batches] == [3, 3, 2]


def test_an_answer_may_be_one_callers_error() -> None:
    two, error, four = ask(Doubling(), 1, 13, 2)
    assert (two, four) == (2, 4)
    assert isinstance(error, ValueError)


def test_what_fails_for_all_is_asked_one_by_one() -> None:
    answers = ask(Doubling(fail=KeyError()), 2, 1, 4, 6)
    assert [isinstance(answer, KeyError) for answer in answers] == [False, True, False, False]


def test_trouble_of_the_database_is_everybodys_at_once() -> None:
    doubling = Doubling(fail=OperationalError("gone"))
    answers = ask(doubling, 2, 1, 4, 6)
    assert [isinstance(answer, OperationalError) for answer in answers] == [True] * 4
    assert len(doubling.batches) == 1


def test_it_begins_anew_after_a_rest() -> None:
    doubling = Doubling()
    gathered = Gathering(doubling)

    async def one(number: int) -> int | Exception:
        return await gathered(number)

    assert [loop.run(one(number)) for number in (1, 2)] == [2, 4]


class Gone(BaseException):
    """What no handler of errors catches."""


def test_nobody_waits_for_ever_behind_what_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a thread is told to end: those of the batch hear of it, and those who wait behind it."""
    monkeypatch.setattr(gathering, "AT_ONCE", 2)
    doubling = Doubling(fail=Gone())  # type: ignore[arg-type]
    gathered = Gathering(doubling)

    async def all_of_them(*numbers: int) -> list[int | BaseException]:
        waiting = asyncio.gather(*map(gathered, numbers), return_exceptions=True)
        return list(await asyncio.wait_for(waiting, 5))

    assert [type(answer) for answer in loop.run(all_of_them(2, 1, 4, 6, 8))] == [Gone] * 5
    assert loop.run(all_of_them(2, 4)) == [4, 8]


def test_too_few_answers_are_everybodys_error() -> None:
    gathered = Gathering[int, int](lambda numbers: [])

    async def both() -> list[int | BaseException]:
        return list(await asyncio.wait_for(asyncio.gather(gathered(1), gathered(2), return_exceptions=True), 5))

    assert [type(answer) for answer in loop.run(both())] == [ValueError] * 2
