"""Checks at the start of processes that manage.py does not start: in production an error ends them."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from diana import connected_role, start_checks
from diana.local.roles import APPLICATION
from tests.acting_roles import connection_of
from tests.servers import Servers


@pytest.fixture
def as_owner(db: None, settings: Any) -> Iterator[BaseDatabaseWrapper]:
    """A new default connection of a process whose DATABASE_URL names the owner."""
    settings.PRODUCTION = True
    connection = connections["owner"].copy("default")
    yield connection
    connection.close()


@pytest.fixture(autouse=True)
def not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connected_role, "_accepted", False)


def test_an_error_ends_the_process_in_production_with_all_messages(
    settings: Any, as_owner: BaseDatabaseWrapper
) -> None:
    settings.TELEGRAM_RATE_ALL, settings.TELEGRAM_UPDATES = 0.0, "neither"
    with pytest.raises(SystemExit) as ended:
        start_checks.refuse_on_errors(as_owner)
    message = str(ended.value.code)
    assert all(id_ in message for id_ in ("bot.E003", "bot.E005", "bot.E011", "diana.E002"))
    assert "TELEGRAM_RATE_ALL" in message, "the hints, too"
    assert "bot.W001" not in message


def test_outside_production_the_process_starts(settings: Any) -> None:
    settings.TELEGRAM_RATE_ALL = 0.0
    start_checks.refuse_on_errors()


@pytest.mark.parametrize(
    ("production", "owner", "refused"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_only_in_production_a_connection_of_the_owner_is_refused(
    as_owner: BaseDatabaseWrapper, settings: Any, production: bool, owner: bool, refused: bool
) -> None:
    settings.PRODUCTION = production
    connection = as_owner if owner else connection_of(APPLICATION)
    try:
        if refused:
            for _ in range(2):
                with pytest.raises(connected_role.PrivilegedRole, match="owns"):
                    connection.ensure_connection()
                assert connection.connection is None
        else:
            connection.ensure_connection()
            assert connected_role._accepted == production
    finally:
        connection.close()


def test_the_release_finds_it_too(as_owner: BaseDatabaseWrapper, settings: Any) -> None:
    [message] = connected_role.check_role(["default"], connection=as_owner)
    assert (message.id, message.is_serious()) == ("diana.E002", True)
    assert connected_role.check_role(["owner"], connection=as_owner) == connected_role.check_role(None) == []
    settings.PRODUCTION = False
    [message] = connected_role.check_role(["default"], connection=as_owner)
    assert not message.is_serious()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER ROLE {} SUPERUSER", "superuser"),
        ("GRANT diana_owner TO {}", "owns"),
        ("ALTER TABLE event_log OWNER TO {}", "owns"),
        ("ALTER ROLE {} NOCREATEDB", ""),
    ],
)
def test_postgresql_is_asked_and_no_name_is_compared(db: None, servers: Servers, statement: str, reason: str) -> None:
    role, database = "diana_app_of_another_name", connections["default"].settings_dict["NAME"]
    with psycopg.connect(servers.postgres.admin_url(database)) as superuser, superuser.transaction(force_rollback=True):
        superuser.execute(f"CREATE ROLE {role}")
        superuser.execute(statement.format(role))
        superuser.execute(f"SET LOCAL SESSION AUTHORIZATION {role}")
        [found] = superuser.execute(connected_role.QUERY).fetchone() or ()
        assert reason in found if reason else not found


def test_a_database_that_does_not_answer_holds_up_no_start(as_owner: BaseDatabaseWrapper, settings: Any) -> None:
    as_owner.settings_dict = as_owner.settings_dict | {"PORT": "1"}
    assert connected_role.check_role(["default"], connection=as_owner) == []
