"""What is kept of a person is given out in full, and goes with them."""

import json

from django.apps import apps
from django.db import connection

from apps.content import personal_data
from apps.content.models import AskedQuestion, ChallengeRun, Decision, Discovery, StoryRun
from apps.users import privacy
from tests.content.conftest import NOW
from tests.content.test_models import rows

__all__ = ["rows"]
TABLES = (AskedQuestion, ChallengeRun, Decision, Discovery, StoryRun)


def test_it_is_registered_with_every_table() -> None:
    assert personal_data.PART in privacy.parts()
    tables = {model._meta.db_table for model in apps.get_app_config("content").get_models()}
    assert {name.removesuffix(".*") for name in personal_data.PERSONAL} == tables


def test_the_export_is_json_and_holds_everything(rows: int) -> None:
    given = json.loads(json.dumps(personal_data.export(rows)))
    assert {name: len(found) for name, found in given.items()} == {
        "questions": 1,
        "challenges": 1,
        "stories": 1,
        "decisions": 1,
        "discoveries": 1,
    }
    assert given["questions"][0] == {
        "question": "q-001",
        "shown_at": NOW.isoformat(),
        "answered_at": None,
        "choice": None,
        "correct": None,
    }
    assert given["challenges"][0]["local_date"] == "2026-11-24"


def test_erasure_leaves_nothing_of_the_person_and_everything_of_others(rows: int, other: int) -> None:
    Discovery.objects.create(person_id=other, kind="secret", story="light", key="shell", found_at=NOW)
    for _ in range(2):
        personal_data.erase(rows, NOW)
        assert [model.objects.count() for model in TABLES] == [0, 0, 0, 1, 0]
    assert Discovery.objects.get().person_id == other
    assert not any(personal_data.export(rows).values())


def test_every_table_of_the_database_is_named(db: None) -> None:
    with connection.cursor() as cursor:
        names = {name for name in connection.introspection.table_names(cursor) if name.startswith("content_")}
    assert names == {name.removesuffix(".*") for name in personal_data.PERSONAL}
