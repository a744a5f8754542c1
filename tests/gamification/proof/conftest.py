"""Fixtures of the proof: a checkpoint file of the test's own, a superuser, a small real history."""

from pathlib import Path
from typing import Any

import pytest

from tests.gamification.proof.histories import history


@pytest.fixture(autouse=True)
def checkpoint_file(tmp_path: Path, settings: Any) -> Path:
    """The checkpoint file, in a folder of the test's own; not there yet."""
    settings.LEDGER_CHECKPOINTS = str(tmp_path / "outside" / "checkpoints.jsonl")
    return Path(settings.LEDGER_CHECKPOINTS)


@pytest.fixture
def ledger(committed_db: str) -> str:
    """A committed ledger of three persons with entries of every kind, in three seals; the database's name."""
    history()
    return committed_db
