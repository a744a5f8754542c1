"""The list of surroundings, and what keeps one from being made here."""

import sys

import pytest

from surroundings.__main__ import main
from surroundings.catalogue import surroundings
from surroundings.preparing import lacks_locale, lacks_python, turkish
from surroundings.pythons import VERSIONS, find_pythons


def test_every_name_is_there_once() -> None:
    names = [one.name for one in surroundings(dict.fromkeys(VERSIONS, ""))]

    assert len(set(names)) == len(names)
    assert {"tz-kiritimati", "locale-turkish", "path-letters", "ordinary-user", "python-3.13"} <= set(names)


def test_a_locale_that_is_not_active_is_refused() -> None:
    assert lacks_locale("C", charmap="ANSI_X3.4-1968")() == ""
    assert "xx_YY.UTF-8 is not active here" in lacks_locale("xx_YY.UTF-8", charmap="UTF-8")()
    # Python would take C for it without a word.
    assert not turkish({"LC_ALL": "C"})


def test_a_python_of_another_version_is_refused() -> None:
    own = ".".join(map(str, sys.version_info[:2]))

    assert lacks_python(sys.executable, own)() == ""
    assert "is no complete Python 2.7" in lacks_python(sys.executable, "2.7")()
    assert "name it with --python" in lacks_python("", "3.12")()
    assert find_pythons([sys.executable])[own] == sys.executable


def test_an_unknown_name_plays_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "moon"]) == 2
    assert "no surrounding moon" in capsys.readouterr().out
