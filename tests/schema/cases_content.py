"""What people play: a row of each table of stories, trivia and challenges, and what these refuse."""

from tests.gamification.acts import NOON, person
from tests.schema.cases import Case, add

ASKED, RUN, SERIES = "content_asked_question", "content_story_run", "content_challenge_run"
ANSWER = {"answered_at": "now()", "choice": "0", "correct": "true"}
NO_KEYS = ("''", "'A'", "'a_b'", "'1a'")

CASES = {
    "content_asked_question_one_open": Case(ASKED, {"id": "-id"}, of="answered_at IS NULL"),
    "content_asked_question_key": Case(ASKED, *({"question": key} for key in NO_KEYS)),
    "content_asked_question_answer_whole": Case(ASKED, *(ANSWER | {column: "NULL"} for column in ANSWER)),
    "content_asked_question_answered_later": Case(ASKED, ANSWER | {"answered_at": "shown_at - interval '1 second'"}),
    "content_asked_question_right_choice": Case(
        ASKED, ANSWER | {"correct": "false"}, ANSWER | {"choice": "1"}, ANSWER | {"choice": "4", "correct": "false"}
    ),
    "content_challenge_run_one_a_day": Case(SERIES, {"id": "-id"}),
    "content_challenge_run_key": Case(SERIES, *({"challenge": key} for key in NO_KEYS)),
    "content_challenge_run_attempts": Case(SERIES, {"attempt": "0"}, {"attempt": "4"}),
    "content_challenge_run_marks": Case(SERIES, {"marks": "'012'"}),
    "content_challenge_run_passed_whole": Case(
        SERIES,
        {"completed_at": "now()"},
        {"score": "70"},
        {"completed_at": "now()", "score": "49", "marks": "'1'"},
        {"completed_at": "now()", "score": "101", "marks": "'1'"},
        {"completed_at": "now()", "score": "70", "marks": "''"},
        of="completed_at IS NULL",
    ),
    "content_discovery_once": Case("content_discovery", {"id": "-id"}),
    "content_discovery_kind_known": Case("content_discovery", {"kind": "'egg'"}),
    "content_discovery_keys": Case(
        "content_discovery", *({column: key} for column in ("key", "story") for key in NO_KEYS)
    ),
    "content_story_run_one_open": Case(RUN, {"id": "-id"}, of="completed_at IS NULL"),
    "content_story_run_keys": Case(RUN, *({column: key} for column in ("chapter", "story") for key in NO_KEYS)),
    "content_story_run_page": Case(RUN, {"page": "-1"}),
    "content_story_run_ended_whole": Case(
        RUN,
        {"ending": "'e'"},
        {"completed_at": "now()"},
        *({"completed_at": "now()", "ending": key} for key in NO_KEYS),
        of="completed_at IS NULL",
    ),
    "content_story_run_times": Case(
        RUN,
        {"chapter_started_at": "started_at - interval '1 second'"},
        {"completed_at": "chapter_started_at - interval '1 second'", "ending": "'e'"},
    ),
    "content_decision_once": Case("content_decision", {"id": "-id"}),
    "content_decision_keys": Case(
        "content_decision", *({column: key} for column in ("chapter", "choice") for key in NO_KEYS)
    ),
}


def fill() -> None:
    """Make a row in each of the tables, all of them under way."""
    somebody = person()
    add(ASKED, person_id=somebody, question="q1", shown_at=NOON)
    run = add(RUN, person_id=somebody, story="s", chapter="c", page=0, started_at=NOON, chapter_started_at=NOON)
    add("content_decision", run_id=run, chapter="c", choice="a", decided_at=NOON)
    add("content_discovery", person_id=somebody, kind="secret", story="s", key="k", found_at=NOON)
    add(
        SERIES, person_id=somebody, challenge="c", local_date=NOON.date(), attempt=1, marks="", started_at=NOON,
        step_shown_at=NOON,
    )  # fmt: skip
