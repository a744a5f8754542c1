"""People are found by their names, accents and case ignored; every writer of a name keeps what they are found by."""

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from apps.users import services
from apps.users.models import Person
from apps.users.services import Newcomer
from apps.users.services.people import find_or_add_person
from diana.audit import Actor
from tests.users.conftest import NOW

LIST = "admin:users_person_changelist"
REPOSITORY = Path(__file__).parents[2]
NAMES = ("first_name", "last_name", "username")
# Whose name, what is searched for: each finds this person and nobody else.
FOUND = {
    "the whole name": ("Ana", "Ana"),
    "case": ("Ana", "aNA"),
    "an accent of the name": ("José", "jose"),
    "an accent of the term": ("Jose", "JOSÉ"),
    "an accent of its own character": ("Jose\u0301", "josé"),
    "the middle": ("Margarita", "garit"),
    "two letters that begin": ("Ana María", "ma"),
    "one letter that begins": ("Zoe", "z"),
    "yo": ("Пётр", "петр"),
    "yo of the term": ("Семен", "Семён"),
    "short i": ("Андрей", "андреи"),
    "two Cyrillic letters": ("Ольга", "ол"),
    "sharp s": ("Strauß", "strauss"),
    "sharp s of the term": ("Strauss", "STRAUẞ"),
    "dotless i": ("Işık", "isik"),
    "Turkish capitals": ("İbrahim", "ibrahim"),
    "Turkish capitals of the term": ("Yıldız", "YILDIZ"),
    "Polish": ("Łukasz", "lukasz"),
    "Danish": ("Søren Bæk", "soren baek"),
    "Vietnamese": ("Đặng", "dang"),
    "final sigma": ("Νίκος", "ΝΙΚΟΣ"),
    "Chinese, one character": ("李小龙", "李"),
    "Chinese, from the middle": ("李小龙", "小龙"),
    "Japanese": ("さくら", "くら"),
    "halfwidth": ("ｻｸﾗ", "サクラ"),
    "Korean": ("김민수", "민수"),
    "Arabic marks": ("مُحَمَّد", "محمد"),
    "Persian joiner": ("می\u200cرا", "میرا"),
    "Hindi": ("प्रिया", "प्रि"),
    "mathematical letters": ("𝓐𝓷𝓷", "ann"),
    "fullwidth": ("Ａｎｎ", "ann"),
    "a hyphen": ("Jean-Luc", "jean-luc"),
    "an apostrophe": ("O'Brien", "OBrien"),
    "another apostrophe": ("O’Brien", "o'brien"),
    "an emoji": ("\U0001f451", "\U0001f451"),
    "a wild card": ("100%", "100%"),
}


def register(first: str, last: str = "", username: str = "", telegram_id: int = 4242) -> int:
    """Register somebody as /start does."""
    with transaction.atomic():
        person_id = find_or_add_person(telegram_id=telegram_id, now=NOW)
    names = {"first_name": first, "last_name": last, "username": username}
    services.register(person_id=person_id, **names, language_code=None, now=NOW, key=f"k{telegram_id}")
    return person_id


def found(client: Client, term: str) -> list[int]:
    """Return who the list shows for the term."""
    return [person.pk for person in client.get(reverse(LIST), {"q": term}).context["cl"].result_list]


@pytest.mark.parametrize(("name", "term"), FOUND.values(), ids=FOUND)
def test_people_are_found_by_name(root: Client, name: str, term: str) -> None:
    register("Quentin", "Quux", "quux", telegram_id=7)
    person_id = register(name)
    assert found(root, term) == [person_id]


@pytest.mark.parametrize("term", ["lopez", "ana_l", "@ana_l", "ana lopez", "lopez ana", '"ana lopez"', "l", "4242"])
def test_they_are_found_by_last_name_username_and_number(root: Client, term: str) -> None:
    register("Quentin", "Quux", "quux", telegram_id=7)
    person_id = register("Ana", "López", "ana_lo")
    assert found(root, term) == [person_id]


@pytest.mark.parametrize("term", ["na", "ana quux", "lópezz", "%", "_", "'", "-", "  x  ", "\u3164", "\u0301"])
def test_others_are_not(root: Client, term: str) -> None:
    register("Ana", "López", "ana_lo")
    assert found(root, term) == []


def test_the_grants_form_finds_people_by_name(root: Client) -> None:
    person_id = register("José")
    of = {"app_label": "users", "model_name": "grant", "field_name": "person"}
    results = root.get(reverse("admin:autocomplete"), of | {"term": "jose"}).json()["results"]
    assert [result["id"] for result in results] == [str(person_id)]


def rename() -> None:
    register("Other")
    register("Ána", "López", "ana_lo")


def act() -> None:
    person_id = find_or_add_person(telegram_id=4242, now=NOW)
    names = services.Names("Ána", "López", "ana_lo")
    services.act(person_id=person_id, occurred_at=NOW, key_prefix="k", events=lambda local: [], names=names)


def act_in_a_batch() -> None:
    names = services.Names("Ána", "López", "ana_lo")
    services.act_many([services.Act(find_or_add_person(telegram_id=4242, now=NOW), NOW, None, None, names=names)])


def register_many() -> None:
    services.register_many(newcomers=[Newcomer(4242, "Ána", "López", "ana_lo", "es")], now=NOW)


def heal() -> None:
    """As code of the release before leaves people, who then press /start."""
    register("Ána", "López", "ana_lo")
    Person.objects.update(folded_names="")
    register("Ána", "López", "ana_lo")


WRITERS: dict[str, Callable[[], object]] = {
    "register": lambda: register("Ána", "López", "ana_lo"),
    "register again": rename,
    "an act": act,
    "an act of a batch": act_in_a_batch,
    "register many": register_many,
    "heal": heal,
}


@pytest.mark.django_db
@pytest.mark.parametrize("writer", WRITERS)
def test_who_writes_names_writes_what_they_are_found_by(writer: str) -> None:
    WRITERS[writer]()
    assert Person.objects.get().folded_names == "ana lopez ana lo"


@pytest.mark.django_db
def test_the_migration_folds_names_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    migration = import_module("apps.users.migrations.0043_fold_names")
    monkeypatch.setattr(migration, "BATCH", 2)
    for number in range(1, 6):
        register(f"Ána {number}", telegram_id=number)
    Person.objects.create(telegram_id=9, created_at=NOW)
    Person.objects.exclude(telegram_id=3).update(folded_names="")
    migration.fold_all(None, SimpleNamespace(connection=connection))
    folded = Person.objects.order_by("telegram_id").values_list("folded_names", flat=True)
    assert list(folded) == ["ana 1", "ana 2", "ana 3", "ana 4", "ana 5", ""]


@pytest.mark.django_db
def test_erasure_leaves_nothing_to_be_found_by() -> None:
    person_id = register("Ána", "López", "ana_lo")
    services.erase_person(person_id=person_id, reason="asked for it", actor=Actor(None, "shell", "shell"), now=NOW)
    assert Person.objects.get().folded_names == ""


def writers() -> set[str]:
    """Return the modules that write a name of people: by assignment, by keyword, or in a statement of their own."""
    modules = [module for module in (REPOSITORY / "apps").rglob("*.py") if "migrations" not in module.parts]
    return {str(module.relative_to(REPOSITORY)) for module in modules if writes(module.read_text())}


def writes(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store()) if name in NAMES:
                return True
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id="person"), *_]):
                return True
            case ast.Call(func=ast.Attribute(attr="update" | "create" | "bulk_update") | ast.Name(id="Person")):
                if {word.arg for word in node.keywords} & set(NAMES):
                    return True
            case ast.Constant(value=str(text)) if "users_person" in text and "SET first_name" in text:
                return True
    return False


def test_nobody_else_writes_names() -> None:
    assert writers() == {
        "apps/users/services/naming.py",
        "apps/users/services/bulk.py",  # saves what that has set, for many at once
        "apps/users/personal_data/identity.py",  # empties all of it
    }, "Set names by services/naming.py, and save folded_names with them."


@pytest.mark.django_db
@pytest.mark.parametrize("gram", ["мар", " ма", "李 小", " a", "ann"])
def test_the_index_serves_every_script(gram: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM users_person WHERE diana_trigrams(folded_names) @> ARRAY[%s]", [gram])
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT diana_trigrams(%s)", ["мария анна 李 小 龙 ann"])
        assert gram in cursor.fetchone()[0] or gram == " a"
    assert "Bitmap Index Scan on users_person_names" in plan
