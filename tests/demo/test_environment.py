"""The environment of the demo: nothing that a terminal has set for another Diana."""

import re

import pytest

from demo.__main__ import own_environment
from diana.local.instance import DEFAULT_PORTS, ROOT

SETTINGS = "".join(path.read_text() for path in (ROOT / "config").glob("*.py"))
NAMES = re.findall(r"""(?:required|env\.[a-z]+|_keys)\(\s*"([A-Z_]+)\"""", SETTINGS)


@pytest.mark.parametrize("name", sorted({*NAMES, *DEFAULT_PORTS, "GRANIAN_SSL_CERTIFICATE", "CELERY_BROKER_URL"}))
def test_it_has_no_variable_of_another_diana(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "another")

    assert name not in own_environment()


def test_it_keeps_what_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/St_Johns")

    assert own_environment()["TZ"] == "America/St_Johns"
