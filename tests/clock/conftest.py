"""A deployment of the test's own whose clock may be moved."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diana import clock


@pytest.fixture
def state(committed_db: str, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the directory in which this process looks for the offset."""
    before = clock._file
    settings.STATE_DIR = tmp_path
    # Its processes' second is not waited for where there are none.
    monkeypatch.setattr("diana.clock.offset.MARGIN_SECONDS", -clock.LOOK_SECONDS)
    clock.follow(tmp_path / clock.FILE_NAME)
    yield tmp_path
    clock.follow(before)
