"""Reading the environment and the command line at start."""

import sys

import pytest

from config.environment import process_name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/srv/.venv/bin/granian --interface wsgi config.wsgi:application", "web"),
        ("/srv/.venv/bin/celery -A config worker --queues domain --hostname worker@%h -E", "worker"),
        ("/srv/.venv/bin/celery -A config worker --pool threads --hostname telegram@%h", "telegram"),
        ("celery -A config beat --schedule x", "beat"),
        ("celery -A config flower --address=127.0.0.1", "flower"),
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
