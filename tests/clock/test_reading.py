"""Domain time as a process is told it: by the file, at most a second late, and never in production."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from diana import clock

WEEK = timedelta(days=7)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    before = clock._file
    clock.follow(tmp_path / clock.FILE_NAME)
    yield tmp_path / clock.FILE_NAME
    clock.follow(before)


def ahead() -> timedelta:
    return timedelta(seconds=round((clock.now() - clock.real_now()).total_seconds()))


def test_without_a_file_domain_time_is_real_time(file: Path) -> None:
    assert clock.current_offset() == timedelta()
    assert ahead() == timedelta()


@pytest.mark.parametrize("offset", [WEEK, -WEEK, timedelta(days=1500, microseconds=7)])
def test_it_is_ahead_by_what_the_file_says(file: Path, offset: timedelta) -> None:
    clock.write_offset(file, offset)
    assert clock.current_offset() == offset


def test_a_new_offset_holds_a_second_later_and_the_file_is_looked_at_once_a_second(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, read = [100.0], []
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    monkeypatch.setattr(clock, "read_offset", lambda file, real=clock.read_offset: read.append(file) or real(file))
    for _ in range(3):
        assert ahead() == timedelta()
    clock.write_offset(file, WEEK)
    at[0] += 0.99
    assert (ahead(), len(read)) == (timedelta(), 1)
    at[0] += 0.02
    assert (ahead(), len(read)) == (WEEK, 2)
    clock.write_offset(file, timedelta())
    assert not file.exists()
    at[0] += 1
    assert (ahead(), len(read)) == (timedelta(), 3)


def test_a_forked_child_is_told_too(file: Path) -> None:
    assert ahead() == timedelta()
    clock.write_offset(file, WEEK)
    child = os.fork()
    if not child:
        time.sleep(1.01)
        os._exit(0 if ahead() == WEEK else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("text", ["", "{}", "null", '{"offset_microseconds": "far"}', '{"offset_microseconds": 1e400}'])
def test_a_damaged_file_is_an_error_that_names_the_cure(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(clock.UnreadableOffset, match=r"manage\.py release"):
        clock.now()


def test_where_nothing_is_followed_no_file_is_looked_at(file: Path) -> None:
    clock.write_offset(file, WEEK)
    clock.follow(None)
    assert ahead() == timedelta()
