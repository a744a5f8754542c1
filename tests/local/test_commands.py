"""The commands of a person at this checkout: cleaning ends what runs before it removes it."""

import argparse
from pathlib import Path

import pytest

from diana.local import commands
from diana.local.postgres import Postgres
from diana.local.valkey import Valkey


def test_cleaning_ends_the_servers_of_killed_tests_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    directory = tmp_path / ".diana" / "test" / "gw0-1"
    servers = Postgres(directory / "postgres", durable=False), Valkey(directory / "valkey", appendonly=False)
    for server in servers:
        server.start()
    found = [servers[0]._postmaster(), servers[1]._process()]

    commands.clean(argparse.Namespace())

    assert not [process for process in found if process is None or process.is_running()]
    assert list((tmp_path / ".diana").iterdir()) == []
