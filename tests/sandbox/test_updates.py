"""The numbers of updates: as Telegram's, none comes twice, also after the sandbox was started again."""

from datetime import timedelta

import pytest

from diana import clock
from diana.sandbox.updates import Updates


def test_numbers_do_not_come_again_after_a_restart_a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    began = clock.real_now()
    numbers: list[int | None] = []
    for seconds in (0, 1):
        monkeypatch.setattr(clock, "real_now", lambda later=seconds: began + timedelta(seconds=later))
        started = Updates(lambda kind: True)
        numbers += [started.add("message", {"text": str(n)}, lane=n) for n in range(500)]
    assert None not in numbers
    assert len(set(numbers)) == 1000
