"""The start of the demo: nothing of an earlier run is left, however that one ended."""

from pathlib import Path
from typing import Any

import pytest

from apps.gamification.tasks import proof_tasks
from demo.__main__ import STAYS, throw_away
from diana.local.instance import Instance
from tests.conftest import database_named
from tests.gamification.acts import award, daily, person
from tests.servers import Servers


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    instance = Instance("demo", root=tmp_path, given={})
    instance.logs.mkdir(parents=True)
    return instance


def test_whatever_an_earlier_run_left_is_gone(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").touch()
    (instance.directory / "link").symlink_to(tmp_path / "outside")
    for name in ("postgres/data/PG_VERSION", "metrics/web.db", "a/deep/folder/file", "anything", ".hidden"):
        path = instance.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (instance.logs / "worker.log").write_text("10:00 ERROR of yesterday")

    throw_away(instance)

    assert {path.name for path in instance.directory.iterdir()} <= set(STAYS)
    assert (tmp_path / "outside" / "file").exists()


def test_a_new_ledger_is_sealed_where_a_killed_demo_had_sealed_its_own(
    committed_db: str, servers: Servers, instance: Instance, settings: Any
) -> None:
    settings.LEDGER_CHECKPOINTS = str(instance.directory / "ledger-checkpoints.jsonl")
    assert seal() == 1

    throw_away(instance)

    another = servers.clone()
    with database_named(another):
        assert seal() == 1
    servers.drop(another)


def seal() -> int | None:
    """Give somebody points and seal the ledger as beat does."""
    somebody = person()
    award(daily(somebody))
    return proof_tasks.seal_ledger()
