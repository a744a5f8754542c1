"""What the database itself refuses, whoever asks: the same truths that the services keep."""

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from apps.content.models import AskedQuestion, ChallengeRun, Decision, Discovery, StoryRun
from tests.content.conftest import NOW


def run(statement: str) -> None:
    """Run one statement as the application."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def rows(me: int) -> int:
    """One row of each table."""
    AskedQuestion.objects.create(person_id=me, question="q-001", shown_at=NOW)
    reading = StoryRun.objects.create(
        person_id=me, story="light", chapter="shore", started_at=NOW, chapter_started_at=NOW
    )
    Decision.objects.create(run=reading, chapter="shore", choice="knock", decided_at=NOW)
    Discovery.objects.create(person_id=me, kind="ending", story="light", key="dawn", found_at=NOW)
    ChallengeRun.objects.create(
        person_id=me, challenge="c-01", local_date=NOW.date(), marks="11", started_at=NOW, step_shown_at=NOW
    )
    return me


LATER = "now() + interval '9 years'"


@pytest.mark.parametrize(
    "change",
    [
        f"content_asked_question SET answered_at = {LATER}",
        f"content_asked_question SET answered_at = {LATER}, choice = 0",
        "content_asked_question SET choice = 0, correct = true",
        "content_asked_question SET answered_at = '2020-01-01', choice = 0, correct = true",
        f"content_asked_question SET answered_at = {LATER}, choice = 0, correct = false",
        f"content_asked_question SET answered_at = {LATER}, choice = 1, correct = true",
        f"content_asked_question SET answered_at = {LATER}, choice = 4, correct = false",
        f"content_asked_question SET answered_at = {LATER}, choice = -1, correct = false",
        "content_story_run SET chapter = 'Attic'",
        "content_story_run SET chapter = ''",
        "content_story_run SET page = -1",
        f"content_story_run SET completed_at = {LATER}",
        "content_story_run SET ending = 'dawn'",
        f"content_story_run SET completed_at = {LATER}, ending = ''",
        "content_story_run SET completed_at = '2020-01-01', ending = 'dawn'",
        "content_story_run SET chapter_started_at = '2020-01-01'",
        "content_challenge_run SET attempt = 0",
        "content_challenge_run SET attempt = 4",
        "content_challenge_run SET marks = '012'",
        "content_challenge_run SET challenge = 'C 1'",
        f"content_challenge_run SET completed_at = {LATER}",
        "content_challenge_run SET score = 100",
        f"content_challenge_run SET completed_at = {LATER}, score = 49",
        f"content_challenge_run SET completed_at = {LATER}, score = 101",
        f"content_challenge_run SET completed_at = {LATER}, score = 100, marks = ''",
    ],
)
def test_progress_cannot_be(rows: int, change: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"UPDATE {change}")


@pytest.mark.parametrize(
    "values",
    [
        "content_asked_question (person_id, question, shown_at) VALUES ({me}, 'q-002', now())",
        "content_asked_question (person_id, question, shown_at) VALUES (1, 'Q 2', now())",
        "content_story_run (person_id, story, chapter, page, started_at, chapter_started_at)"
        " VALUES ({me}, 'light', 'lamp', 0, now(), now())",
        "content_decision (run_id, chapter, choice, decided_at) SELECT id, 'shore', 'follow', now() FROM content_story_run",
        "content_decision (run_id, chapter, choice, decided_at) SELECT id, 'lamp', '?', now() FROM content_story_run",
        "content_discovery (person_id, kind, story, key, found_at) VALUES ({me}, 'ending', 'light', 'dawn', now())",
        "content_discovery (person_id, kind, story, key, found_at) VALUES ({me}, 'egg', 'light', 'dawn', now())",
        "content_discovery (person_id, kind, story, key, found_at) VALUES ({me}, 'secret', 'light', 'A', now())",
        "content_challenge_run (person_id, challenge, local_date, attempt, marks, started_at, step_shown_at)"
        " VALUES ({me}, 'c-02', '2026-11-24', 1, '', now(), now())",
    ],
)
def test_a_row_cannot_be_added(rows: int, values: str) -> None:
    with pytest.raises(IntegrityError):
        run(f"INSERT INTO {values.format(me=rows)}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE content_asked_question SET person_id = 1",
        "UPDATE content_asked_question SET shown_at = now()",
        "UPDATE content_story_run SET story = 'train'",
        "UPDATE content_decision SET choice = 'follow'",
        "UPDATE content_discovery SET key = 'bell'",
        "UPDATE content_challenge_run SET local_date = now()",
        "TRUNCATE content_discovery",
    ],
)
def test_the_application_has_no_right_to(rows: int, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        run(statement)


def test_rows_say_what_they_are(rows: int) -> None:
    said = [str(m.objects.get()) for m in (StoryRun, AskedQuestion, Decision, Discovery, ChallengeRun)]
    assert said[2:] == ["shore knock", "ending dawn", "c-01 2026-11-24"]
    assert said[0].startswith("light ")
    assert said[1].startswith("q-001 ")
