"""The matrix of rights and PostgreSQL's catalogue say the same; what is new has no right before it stands in the matrix."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from diana import connected_role
from diana.database_roles import catalogue, comparison, documentation, granting, matrix, own_rights
from diana.local.roles import APPLICATION, DOOR, STAFF
from tests.acting_roles import connection_of
from tests.servers import ROOT

FILE = settings.DATABASE_RIGHTS
MATRIX = matrix.read(FILE)
ROLES = {APPLICATION: ("app",), STAFF: ("staff",), DOOR: ("door",)}


pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture
def owner(db: None) -> BaseDatabaseWrapper:
    """The owner in a transaction that is taken back."""
    return connections["owner"]


def run(connection: BaseDatabaseWrapper, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def differences(connection: BaseDatabaseWrapper, wanted: matrix.Matrix = MATRIX) -> list[str]:
    return [str(one) for one in comparison.compare(wanted, ROLES, catalogue.ask(connection, list(ROLES)))]


def test_every_role_may_what_the_matrix_says_and_nothing_else(owner: BaseDatabaseWrapper) -> None:
    assert settings.DATABASE_ROLES == ROLES
    assert differences(owner) == []
    assert comparison.unknown(MATRIX, catalogue.ask(owner, [APPLICATION])) == [], (
        "Give it a line in database_rights.toml."
    )


def test_a_new_table_and_a_new_column_are_found_and_nobody_may_anything_with_them(owner: BaseDatabaseWrapper) -> None:
    run(owner, "CREATE TABLE another (id int, secret text)")
    run(owner, "ALTER TABLE users_tombstone ADD COLUMN why text")
    run(owner, "ALTER TABLE bot_refusal DROP COLUMN count CASCADE")
    found = catalogue.ask(owner, list(ROLES))
    assert comparison.unknown(MATRIX, found) == [
        "another.id",
        "another.secret",
        "bot_refusal.count",
        "users_tombstone.why",
    ]
    assert {str(found.tables[role]["another"].rights.written()) for role in ROLES} == {"[]"}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "GRANT UPDATE (is_superuser) ON users_staff TO diana_app",
            "diana_app may also UPDATE (is_superuser) on users_staff",
        ),
        ("GRANT SELECT ON users_staff TO PUBLIC", "diana_door may also SELECT on users_staff"),
        ("GRANT TRUNCATE ON event_log TO diana_staff", "diana_staff may also TRUNCATE on event_log"),
        ("REVOKE DELETE ON django_session FROM diana_staff", "diana_staff may not DELETE on django_session"),
        ("REVOKE SELECT ON users_person FROM diana_door", "diana_door may not SELECT on users_person"),
        ("GRANT UPDATE ON SEQUENCE event_log_id_seq TO diana_app", "diana_app may also UPDATE on event_log_id_seq"),
        (
            "DELETE FROM event_role_limit WHERE role = 'diana_staff' AND relation = 'gamification_entry'",
            "diana_staff may also any value on new rows of gamification_entry",
        ),
        (
            "INSERT INTO event_role_limit (role, relation, value) VALUES ('diana_door', 'event_log', 'game.daily_login')",
            "diana_door may also game.daily_login on new rows of event_log",
        ),
    ],
)
def test_a_right_that_somebody_gave_or_took_is_found_and_mended(
    owner: BaseDatabaseWrapper, statement: str, said: str
) -> None:
    run(owner, statement)
    assert said in differences(owner)
    if "PUBLIC" in statement:
        with pytest.raises(granting.NotGranted, match="diana_door may also SELECT"):
            granting.grant(owner, MATRIX, ROLES)
        return
    assert [said] == [str(one) for one in granting.grant(owner, MATRIX, ROLES)]
    assert differences(owner) == []
    assert granting.grant(owner, MATRIX, ROLES) == []


def test_rights_of_the_release_before_stay_until_they_are_taken_back(owner: BaseDatabaseWrapper) -> None:
    """While its processes run, all of them as the application's role; to go back to it they are given again."""
    staff = "diana_app may still INSERT, UPDATE, DELETE on users_staff"
    granting.grant(owner, MATRIX, ROLES, former=True)
    assert staff in differences(owner)
    assert own_rights.HINT
    granting.grant(owner, MATRIX, ROLES)
    assert staff in differences(owner)
    granting.grant(owner, MATRIX, ROLES, former=False)
    assert differences(owner) == []


def test_where_one_role_serves_all_it_may_what_each_of_them_may(owner: BaseDatabaseWrapper) -> None:
    one = {APPLICATION: matrix.PARTS}
    granting.grant(owner, MATRIX, one)
    found = catalogue.ask(owner, [APPLICATION])
    assert comparison.compare(MATRIX, one, found) == []
    assert found.only[APPLICATION] == frozenset()
    assert "users_staff" in {d.where for d in comparison.compare(MATRIX, ROLES | {}, catalogue.ask(owner, list(ROLES)))}


def test_a_role_that_is_missing_is_named_with_how_to_make_it(owner: BaseDatabaseWrapper) -> None:
    with pytest.raises(
        granting.RoleMissing, match=r"CREATE ROLE nobody LOGIN .* GRANT CONNECT ON DATABASE .* TO nobody"
    ):
        granting.grant(owner, MATRIX, {"nobody": ("door",)})


@pytest.fixture
def as_role(db: None) -> Iterator[Callable[[str], BaseDatabaseWrapper]]:
    """Makes the default connection of a process of production that has this role's address."""
    made: list[BaseDatabaseWrapper] = []

    def connect(role: str) -> BaseDatabaseWrapper:
        made.append(connection_of(role))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


@pytest.mark.parametrize(("role", "part"), [(APPLICATION, "app"), (STAFF, "staff"), (DOOR, "door")])
def test_each_process_is_right_as_its_own_role_and_wrong_as_anothers(
    as_role: Callable[[str], BaseDatabaseWrapper], monkeypatch: pytest.MonkeyPatch, role: str, part: str
) -> None:
    monkeypatch.setattr("django.conf.settings.DATABASE_ROLES", {})
    monkeypatch.setattr("django.conf.settings.DATABASE_PART", part)
    assert own_rights.judge(as_role(role)) == ("", "")
    for other in {*ROLES} - {role}:
        assert other in own_rights.judge(as_role(other)).wrong


def test_in_production_no_connection_is_used_whose_rights_are_others(
    as_role: Callable[[str], BaseDatabaseWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PRODUCTION": True,
        "DATABASE_OWNER_URL": None,
        "DATABASE_ROLES": {},
        "DATABASE_PART": "door",
    }.items():
        monkeypatch.setattr(f"django.conf.settings.{name}", value)
    monkeypatch.setattr(connected_role, "_accepted", False)
    connection = as_role(APPLICATION)
    with pytest.raises(
        connected_role.PrivilegedRole, match="Rights of the database are not as they should be: diana_app"
    ):
        connection.ensure_connection()
    assert connection.connection is None
    as_role(DOOR).ensure_connection()
    assert connected_role._accepted


def test_what_a_later_release_has_granted_besides_ends_no_process_of_this_one(
    owner: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.DATABASE_ROLES", ROLES)
    run(owner, "GRANT UPDATE ON users_staff TO diana_app")
    found = catalogue.ask(owner, [APPLICATION])
    assert found.digest == MATRIX.digest
    later = found._replace(digest="another")
    monkeypatch.setattr(catalogue, "ask", lambda *_: later)
    monkeypatch.setattr(own_rights, "_role", lambda _: APPLICATION)
    assert own_rights.judge(owner).wrong == ""
    monkeypatch.setattr(catalogue, "ask", lambda *_: found)
    assert "may also UPDATE" in own_rights.judge(owner).wrong


def test_the_command_says_what_is_otherwise(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("database_roles")
    assert "All roles may do what they should" in capsys.readouterr().out
    with pytest.raises(CommandError, match="choose one of them"):
        call_command("database_roles", narrow=True, former=True)


def test_the_page_is_up_to_date() -> None:
    stale = "Run `manage.py database_roles --page > docs/database-roles.md` and commit it."
    assert (Path(ROOT) / "docs" / "database-roles.md").read_text() == documentation.markdown(MATRIX), stale


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\napp = ['SELECT']", "name its columns"),
        ("[a]\ncolumns = ['id']\nowner = ['SELECT']", "rights under door, staff, app"),
        ("[a]\ncolumns = ['id']\napp = ['TRUNCATE']", "is no right"),
        ("[a]\ncolumns = ['id']\napp = ['SELECT (name)']", "names name, which is no column"),
        ("[a]\ncolumns = ['id']\n[a.only]\ncolumn = 'type'\ndoor = ['x']", "a column of the table"),
    ],
)
def test_a_mistake_in_the_matrix_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rights.toml"
    file.write_text(text)
    with pytest.raises(matrix.BadMatrix, match=said):
        matrix.read(file)
