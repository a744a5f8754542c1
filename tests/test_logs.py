"""Lines of the log: one for each thing, bounded, readable by machines, and nobody's secret in them."""

import json
import logging
import os
import subprocess
import sys
from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from config.environment import ROOT
from diana import logs
from diana.events import Envelope, log_context
from diana.events.causes import caused_by
from diana.events.identifiers import uuid7

HOSTILE = "Ada\n2026-01-01 00:00:00,000 ERROR diana \x1b[31mforged\x1b[0m\r\u2028\u202egnirts\x00\x9b1m\ud800"
"""A name that would be two lines, a colour and a lie about its direction."""
NAME = "canary\n\nof a name"


def line(words: str, *args: object, as_json: bool = True, error: BaseException | None = None, **extra: Any) -> str:
    """Return the line that the record becomes."""
    found = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("diana.test", logging.WARNING, "f.py", 1, words, args, found)
    record.__dict__.update(extra)
    return logs.LineFormatter(as_json=as_json, process="worker").format(record)


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_it_is_one_json_object_in_production():
    said = json.loads(line("%s failed on %s", "a.b", 7, correlation_id="c", subscriber="a.b", data={"args": "x"}))
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "level": "warning", "event": "a.b failed on 7", "logger": "diana.test", "process": "worker",
        "correlation_id": "c", "subscriber": "a.b",
    }  # fmt: skip


def test_it_is_a_line_for_people_in_development():
    said = line("%s failed", "a.b", as_json=False, error=raised(ValueError("no")), correlation_id="c")
    first, *below = said.splitlines()
    assert first.split(" ", 2)[2] == "WARNING diana.test a.b failed correlation_id=c"
    assert below[0] == "Traceback (most recent call last):"
    assert below[-1] == "ValueError: no"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_hostile_name_stays_in_its_line(as_json: bool):
    said = line("hello %s", HOSTILE, as_json=as_json, template=HOSTILE)
    assert said.isprintable()
    assert said.count("forged") == 2
    if as_json:
        assert json.loads(said)["event"].isprintable()
    with_error = line("no", as_json=as_json, error=raised(ValueError(HOSTILE)))
    assert "\x1b" not in with_error
    assert not as_json or with_error.isprintable()


@limits(deadline=None, max_examples=30, database=None)
@given(st.text(), st.text(max_size=50))
def test_whatever_is_said_it_is_one_bounded_line_of_json(words: str, more: str):
    said = line("%s", words * 100, template=more, error=raised(ValueError(words)))
    assert said.isascii()
    assert "\n" not in said
    assert len(said) <= logs.MAX_BYTES
    assert json.loads(said)["level"] == "warning"


def test_an_endless_text_is_cut_and_a_traceback_keeps_its_end():
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        raise ValueError("é" * 10_000 + "the end")

    try:
        deep(200)
    except ValueError as error:
        said = line("é" * 100_000, error=error)
    assert len(said) <= logs.MAX_BYTES
    assert json.loads(said)["exception"].endswith("the end")


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_blotted_out(settings: Any, as_json: bool):
    settings.TELEGRAM_BOT_TOKEN = "123456:AAE-canary_of_the_token"
    settings.TELEGRAM_WEBHOOK_SECRET = "first-secret-of-the-hook,second-secret-of-the-hook"
    settings.METRICS_TOKEN = "canary-of-the-metrics"
    settings.DATABASE_URL = "postgres://diana_app:p%40ss-of-the-database@db/diana"
    settings.REDIS_URL = "redis://:password-of-redis@valkey:6379/0"
    settings.CACHE_URL = "redis://diana-cache:password-of-cache@valkey:6379/0"
    texts = [
        "https://api.telegram.org/bot123456:AAE-canary_of_the_token/sendMessage", "AAE-canary_of_the_token",
        "second-secret-of-the-hook", "canary-of-the-metrics", "p%40ss-of-the-database", "p@ss-of-the-database",
        "redis://:password-of-redis@valkey", "password-of-cache", settings.SECRET_KEY,
    ]  # fmt: skip
    for text in texts:
        said = line("no: %s", text, as_json=as_json, error=raised(ValueError(text)), template=text)
        assert said.count("[secret]") == 3
        for secret in ("canary", "of-the-hook", "of-the-database", "password-of", settings.SECRET_KEY):
            assert secret not in said
    assert "diana_app" in line("diana_app"), "only the password is one"


def test_short_or_missing_words_blot_nothing_out(settings: Any):
    settings.TELEGRAM_BOT_TOKEN, settings.METRICS_TOKEN = "1:a", None
    assert json.loads(line("a 1:a"))["event"] == "a 1:a"


@pytest.mark.django_db
@pytest.mark.parametrize("as_json", [True, False])
def test_a_row_that_the_database_refused_is_not_repeated(as_json: bool):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE person (name text UNIQUE CHECK (name <> 'x')) ON COMMIT DROP")
        cursor.execute("INSERT INTO person VALUES (%s)", [NAME])
        with pytest.raises(IntegrityError) as caught:
            cursor.execute("INSERT INTO person VALUES (%s)", [NAME])
    assert "canary" in str(caught.value), "or there is nothing to leave out"
    said = line("it failed: %s", caught.value, as_json=as_json, error=caught.value)
    assert "canary" not in said
    assert "of a name" not in said
    assert said.count("duplicate key value violates unique constraint") >= 2
    assert "During handling" in said or "direct cause" in said


def test_it_names_the_event_that_is_being_handled_and_the_task(envelope: Envelope):
    class Task:
        name = "a.b"

    log_context.begin_task(Task(), [[3], {"id": "x", "correlation_id": "the newest"}])
    with caused_by(envelope):
        said = json.loads(line("x"))
        given = json.loads(line("x", correlation_id="given"))
    log_context.end_task()
    assert (said["correlation_id"], said["event_id"]) == (str(envelope.correlation_id), str(envelope.event_id))
    assert (said["task"], said["lanes"], said["woken_by"]) == ("a.b", "[3]", "the newest")
    assert given["correlation_id"] == "given"
    assert set(json.loads(line("x"))) == {"timestamp", "level", "event", "logger", "process"}


@pytest.fixture
def envelope() -> Envelope:
    """An event."""
    return Envelope(1, uuid7(), "test.happened", 1, "7", 7, 0, 0, uuid7(), None, "{}")


def test_a_form_that_is_none_ends_the_start():
    # In a process of its own: settings also say which file the clock follows from then on.
    ended = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env=os.environ | {"DIANA_LOG_FORMAT": "xml"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "ImproperlyConfigured: DIANA_LOG_FORMAT is 'xml': set it to json or text" in ended.stderr
