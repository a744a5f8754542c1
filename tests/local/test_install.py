"""The installer of the virtual environment: when it acts and when it leaves things alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from diana.local import install

REQUIREMENTS = ["requirements.txt"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # An empty requirement file installs nothing, so that the network stays shut.
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_begins_anew_after_an_interruption_and_then_only_after_a_change(checkout: Path) -> None:
    environment = checkout / ".venv"
    environment.mkdir()
    for name in (".unfinished", "half"):
        (environment / name).touch()

    assert install.main([".venv", *REQUIREMENTS]) == ""

    assert not (environment / "half").exists()
    assert install.is_current(".venv", REQUIREMENTS)
    (checkout / "requirements.txt").write_text("# changed\n")
    assert not install.is_current(".venv", REQUIREMENTS)


def test_it_forgets_what_it_installed_before_it_installs_something_else(checkout: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], check=True)
    Path(install.stamp(".venv", REQUIREMENTS[0])).touch()
    assert install.is_current(".venv", REQUIREMENTS)

    (checkout / "requirements.txt").write_text("# changed\n")
    assert "pip could not install requirements.txt" in install.main([".venv", *REQUIREMENTS])

    (checkout / "requirements.txt").write_text("")
    assert not install.is_current(".venv", REQUIREMENTS)


def test_it_says_which_python_it_wants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "OLDEST", (99, 0))

    assert "Python 3.11 or later" in install.main([str(tmp_path), "requirements.txt"])
