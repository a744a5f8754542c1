"""Where the servers of a test run keep their files."""

import os
from pathlib import Path

import pytest

from tests import servers


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of /dev/shm."""
    monkeypatch.setattr(servers, "MEMORY", tmp_path)
    monkeypatch.setattr(servers, "MEMORY_BYTES", 1)
    return tmp_path


def test_it_is_in_memory_and_private(memory: Path):
    directory = servers.runs_directory()
    assert directory.parent == memory
    assert directory.stat().st_mode & 0o777 == 0o700
    assert servers.runs_directory() == directory


@pytest.mark.parametrize("place", ["full", "missing", "somebody else's"])
def test_otherwise_it_is_on_the_disk(place: str, memory: Path, monkeypatch: pytest.MonkeyPatch):
    match place:
        case "full":
            monkeypatch.setattr(servers, "MEMORY_BYTES", 1 << 60)
        case "missing":
            monkeypatch.setattr(servers, "MEMORY", memory / "nowhere")
        case _:
            monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert servers.runs_directory() == servers.ROOT / ".diana" / "test"
