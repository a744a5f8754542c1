"""The installer of the virtual environment: when it acts, when it leaves things alone, what it says."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from diana.local import install
from tests.local.made_index import PIPS, make_environment

LOCKS = ["requirements.txt"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # An empty lock file installs nothing, so that the network stays shut.
    (tmp_path / "requirements.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(checkout: Path) -> None:
    """Install into an environment that was made before."""
    make_environment(checkout / ".venv", max(PIPS))
    assert install.main([".venv", *LOCKS]) == 0


def test_it_begins_anew_after_an_interruption_and_then_only_after_a_change(checkout: Path) -> None:
    environment = checkout / ".venv"
    environment.mkdir()
    for name in (".unfinished", "half"):
        (environment / name).touch()

    assert install.main([".venv", *LOCKS]) == 0

    assert not (environment / "half").exists()
    assert install.is_current(".venv", LOCKS)
    (checkout / "requirements.txt").write_text("# changed\n")
    assert not install.is_current(".venv", LOCKS)


def test_it_forgets_what_it_installed_before_it_installs_something_else(checkout: Path) -> None:
    made(checkout)
    assert install.is_current(".venv", LOCKS)

    (checkout / "requirements.txt").write_text("no-such-package==1 --hash=sha256:" + "0" * 64)
    assert "pip could not install requirements.txt" in str(install.main([".venv", *LOCKS]))

    (checkout / "requirements.txt").write_text("")
    assert not install.is_current(".venv", LOCKS)


def test_it_is_not_run_by_the_python_that_it_removes(checkout: Path) -> None:
    made(checkout)
    (checkout / ".venv" / ".unfinished").touch()

    own = [".venv/bin/python", "-I", install.__file__, ".venv", *LOCKS]
    again = subprocess.run(own, capture_output=True, text=True, check=False)

    assert (again.returncode, again.stderr) == (0, "")
    assert install.is_current(".venv", LOCKS)


def test_an_environment_that_was_moved_is_made_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(checkout)
    moved = checkout / "moved"
    moved.mkdir()
    (checkout / ".venv").rename(moved / ".venv")
    (checkout / "requirements.txt").rename(moved / "requirements.txt")
    monkeypatch.chdir(moved)

    assert not install.is_current(".venv", LOCKS)
    assert install.main([".venv", *LOCKS]) == 0
    assert str(moved) in (moved / ".venv" / "bin" / "pip").read_text()


def test_it_unpacks_inside_of_the_environment_and_leaves_nothing(checkout: Path) -> None:
    environment = checkout / ".venv"
    environment.mkdir()
    asked = [sys.executable, "-I", "-c", "import tempfile; print(tempfile.mkdtemp())"]

    install.run(str(environment), asked, cannot="no folder")

    made = Path((environment / ".install.log").read_text().strip())
    assert made.parent.parent == environment
    assert not made.parent.exists()


def test_it_says_which_python_it_wants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "OLDEST", (99, 0))

    assert "Python 3.11 or later" in str(install.main([str(tmp_path), "requirements.txt"]))


@pytest.mark.parametrize(("name", "called"), [("a:b", "a colon"), ('a"b', '"'), ("a$b", "$"), ("a\nb", "a line break")])
def test_a_folder_in_which_no_program_would_start_is_refused(tmp_path: Path, name: str, called: str) -> None:
    said = install.main([str(tmp_path / name / ".venv"), "requirements.txt"])

    assert f"with {called} in its name; rename it" in str(said)
    assert not (tmp_path / name).exists()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    called = [sys.executable, "-I", install.__file__, str(tmp_path / "file" / ".venv"), "requirements.txt"]
    ended = subprocess.run(called, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


def test_what_a_killed_installer_has_started_is_waited_for(checkout: Path) -> None:
    made(checkout)
    (checkout / "requirements.txt").write_text("# changed\n")
    pip = next((checkout / ".venv").glob("lib/python*/site-packages/pip/__main__.py"))
    # A pip that says that it runs, and ends when it is told.
    pip.write_text(
        "import pathlib, sys, time\n"
        "if 'install' in sys.argv:\n"
        "    pathlib.Path('running').touch()\n"
        "    while not pathlib.Path('end').exists(): time.sleep(0.05)\n"
        "    sys.exit(1)\n"
    )
    called = [sys.executable, "-I", install.__file__, ".venv", *LOCKS]
    killed = subprocess.Popen(called, stdout=subprocess.DEVNULL)
    while not (checkout / "running").exists():
        time.sleep(0.05)
    killed.kill()
    killed.wait()

    waiting = subprocess.Popen(called, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert waiting.stdout is not None
    assert waiting.stdout.readline().startswith("Waiting for another installation")
    (checkout / "end").touch()

    assert waiting.stdout.readline().startswith("Installing 0 packages")
    waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert install.is_current(".venv", LOCKS)
