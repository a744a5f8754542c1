"""Reading the environment and the command line at start."""

import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import known_groups, process_kind, process_name
from config.variable import PROCESSES


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/srv/.venv/bin/granian --interface wsgi config.wsgi:application", "web"),
        ("/srv/.venv/bin/celery -A config worker --queues domain --hostname worker@%h -E", "worker"),
        ("/srv/.venv/bin/celery -A config worker --pool threads --hostname telegram@%h", "telegram"),
        ("celery -A config beat --schedule x", "beat"),
        ("manage.py flower --address=127.0.0.1", "flower"),
        ("celery -A config inspect ping", "celery"),
        ("manage.py relay", "relay"),
        ("./manage.py", "manage"),
        ("-c", "-c"),
        ("", "python"),
    ],
)
def test_a_process_is_called_as_in_the_procfile(monkeypatch: pytest.MonkeyPatch, line: str, name: str):
    monkeypatch.setattr(sys, "argv", line.split())
    assert process_name() == name


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("granian config.wsgi:application", "web"),
        ("celery -A config worker --hostname telegram@%h", "telegram"),
        ("celery -A config worker --hostname another@%h", "command"),
        ("celery -A config inspect ping", "command"),
        ("manage.py relay", "relay"),
        ("manage.py release", "release"),
        ("manage.py verify_ledger", "command"),
        ("./manage.py", "command"),
        ("gunicorn config.wsgi", "gunicorn"),
    ],
)
def test_its_kind_stands_in_the_table_of_variables(monkeypatch: pytest.MonkeyPatch, line: str, kind: str):
    monkeypatch.setattr(sys, "argv", line.split())
    assert process_kind() == kind


@pytest.mark.parametrize("line", ["granian config.door:server", "manage.py migrate", "-c", ""])
def test_it_is_called_as_it_names_itself(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(sys, "argv", line.split())
    for name in PROCESSES:
        monkeypatch.setenv("DIANA_PROCESS", name)
        assert (process_name(), process_kind()) == (name, name)


def test_a_name_of_no_process_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIANA_PROCESS", "webb")
    for ask in (process_name, process_kind):
        with pytest.raises(SystemExit, match=r"DIANA_PROCESS is 'webb'.* door,"):
            ask()


@pytest.mark.parametrize(
    ("value", "public", "expected"),
    [
        (None, True, "approved"),
        (None, False, "all"),
        ("", True, "approved"),
        ("all", True, "all"),
        ("approved", False, "approved"),
        ("none", False, None),
    ],
)
def test_which_groups_count(
    monkeypatch: pytest.MonkeyPatch, value: str | None, public: bool, expected: str | None
) -> None:
    monkeypatch.delenv("DIANA_KNOWN_GROUPS", raising=False)
    if value is not None:
        monkeypatch.setenv("DIANA_KNOWN_GROUPS", value)
    if expected is None:
        with pytest.raises(ImproperlyConfigured, match="approved or all"):
            known_groups(public=public)
    else:
        assert known_groups(public=public) == expected
