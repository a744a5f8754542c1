"""The time limits of sessions hold whatever stands between Diana and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import connection, connections

from tests.conftest import close_connections
from tests.faults.startup_proxy import Manner, StartupProxy
from tests.servers import Servers

LIMITS = {"lock_timeout": "10s", "statement_timeout": "1min", "idle_in_transaction_session_timeout": "1min"}
MANNERS: tuple[Manner, ...] = ("refuses", "drops")


@contextmanager
def behind(port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have new connections go to the port."""
    close_connections()
    with monkeypatch.context() as patch:
        for alias in ("default", "owner"):
            patch.setitem(connections.settings[alias], "PORT", port)
            patch.setitem(connections[alias].settings_dict, "PORT", port)
        yield
        close_connections()


@pytest.fixture
def pooler(servers: Servers, request: pytest.FixtureRequest) -> Iterator[StartupProxy]:
    """A pooler of the parameter's manner before the tests' server."""
    proxy = StartupProxy(servers.postgres.port, request.param)
    yield proxy
    proxy.close()


def limits_of(alias: str) -> dict[str, str]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(LIMITS)])
        return dict(cursor.fetchall())


@pytest.mark.usefixtures("committed_db")
def test_the_limits_are_set_without_a_pooler():
    assert limits_of("default") == LIMITS


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize("pooler", MANNERS, indirect=True)
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_the_limits_are_set_behind_a_pooler_without_options(
    pooler: StartupProxy, alias: str, monkeypatch: pytest.MonkeyPatch
):
    with behind(pooler.port, monkeypatch):
        assert limits_of(alias) == LIMITS


@pytest.mark.usefixtures("committed_db")
def test_migrations_keep_their_own_limit():
    call_command("migrate", verbosity=0)
    with connections["owner"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("2s",)


@pytest.mark.usefixtures("committed_db")
@pytest.mark.parametrize(("name", "value"), [("statement_timeout", "0"), ("lock_timeout", "1h")])
def test_the_check_finds_a_session_whose_limits_are_others(name: str, value: str):
    with connection.cursor() as cursor:
        cursor.execute(f"SET {name} = '{value}'")
    [error] = [found for found in checks.run_checks(databases=["default"]) if found.id == "diana.E001"]
    assert name in error.msg
    assert "docs/operations.md" in (error.hint or "")


@pytest.mark.usefixtures("committed_db")
def test_the_check_is_content_with_the_limits():
    assert not [found for found in checks.run_checks(databases=["default"]) if found.id == "diana.E001"]
