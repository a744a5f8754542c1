"""Every column of the database is named by some part as personal or as none; the export holds all parts."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import personal_data, privacy, services
from apps.users.models import Person
from apps.users.services.exporting import _as_json
from diana.audit import Actor
from tests.gamification.acts import award, daily, event
from tests.users.conftest import NOW, Published

# Not information_schema: it hides from the application what the application may not touch.
_COLUMNS = """
SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
"""


def columns() -> set[str]:
    """Return every column of every table, as in "bot_chat.kind"."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        return {name for (name,) in cursor.fetchall()}


def covered(names: tuple[str, ...], known: set[str]) -> set[str]:
    """Return the columns that the names mean; "table.*" means all of a table."""
    tables = {name.removesuffix(".*") for name in names if name.endswith(".*")}
    return {column for column in known if column in names or column.partition(".")[0] in tables}


@pytest.mark.django_db
def test_every_column_is_somebodys_and_known_to_be_personal_or_not() -> None:
    known = columns()
    personal, other = set[str](), set[str]()
    for part in privacy.parts():
        personal |= covered(part.personal, known)
        other |= covered(part.other, known)
    assert known - personal - other == set(), "Name the column in the personal_data module of its app."
    assert personal & other == set(), "A column is personal, or it is not."


@pytest.mark.django_db
def test_every_name_means_something() -> None:
    known = columns()
    names = [name for part in privacy.parts() for name in (*part.personal, *part.other)]
    assert [name for name in names if not covered((name,), known)] == []


def test_identity_is_erased_last_because_it_names_the_others() -> None:
    assert list(personal_data.modules())[-1] == "identity"
    assert privacy.parts()[-1].name == "users"


def test_a_second_part_of_a_name_is_an_error() -> None:
    part = privacy.parts()[0]
    privacy.register(part)
    with pytest.raises(AssertionError):
        privacy.register(privacy.Part(part.name, (), (), dict, lambda person_id, now: None))  # type: ignore[arg-type]


def export(person: Person, key: str = "k") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(services.export_person(person_id=person.pk, key=key, now=NOW))
    return found


def test_the_export_holds_a_section_for_each_part_and_tells_once(person: Person, published: Published) -> None:
    found = export(person)
    again = export(person)
    assert again["sections"]["users"].pop("events")["events"][0]["type"] == "user.data_exported"
    assert again["sections"]["users"].items() <= found["sections"]["users"].items()
    assert {name: found[name] for name in ("format", "version", "person", "exported_at")} == {
        "format": "diana-person",
        "version": 1,
        "person": person.pk,
        "exported_at": "2026-11-22T12:00:00+00:00",
    }
    assert list(found["sections"]) == [part.name for part in privacy.parts()]
    assert set(found["sections"]["users"]) == set(personal_data.modules())
    assert found["sections"]["users"]["identity"]["telegram_id"] == 4242
    assert published(person.pk) == [("user.data_exported", {})]


def test_the_export_shows_what_happened_and_nobody_else(person: Person, actor: Actor) -> None:
    other = Person.objects.create(telegram_id=77, first_name="Somebody else", created_at=NOW)
    services.register(
        person_id=person.pk, first_name="Ada", last_name=None, username="ada", language_code="es", now=NOW, key="r"
    )
    services.suspend(person_id=person.pk, until=None, reason="Threats", actor=actor, key="s", now=NOW)
    services.grant_vip(person_id=person.pk, source="gift", days=3, reason="slam", actor=actor, now=NOW)
    award(daily(person.pk), event("user.referred", person.pk, referrer=other.pk))
    sections = export(person)["sections"]
    users, points = sections["users"], sections["gamification"]
    assert (users["identity"]["first_name"], users["identity"]["language"]) == ("Ada", "es")
    assert [grant["reason"] for grant in users["vip"]["vip_grants"]] == ["slam"]
    assert [act["act"] for act in users["events"]["acts_of_staff"]] == ["suspend_user", "grant_vip"]
    assert points["account"]["balance"] == sum(entry["amount"] for entry in points["ledger"])
    assert points["ledger"][0]["rule"] == "daily_login"
    referred = [e for e in users["events"]["events"] if e["type"] == "user.referred"]
    assert [e["fields"] for e in referred] == [{}]
    text = json.dumps(sections, ensure_ascii=False)
    assert "Somebody else" not in text
    assert "ana" not in [word.strip('",') for word in text.split()], "who of the staff it was is theirs"


def test_it_takes_as_many_queries_for_much_as_for_little(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def count() -> int:
        with django_assert_num_queries(10**6, exact=False) as captured:
            services.export_person(person_id=person.pk, key="k", now=NOW)
        return len(captured)

    first = count()
    award(*[daily(person.pk, f"2026-03-{day:02}") for day in range(1, 29)])
    assert count() == first


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (NOW.date(), "2026-11-22"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\x01\xff", "01ff"),
        (memoryview(b"\x02"), "02"),
    ],
)
def test_what_json_has_no_type_for_is_text(value: object, text: str) -> None:
    assert _as_json(value) == text


def test_what_has_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no place"):
        _as_json(object())
