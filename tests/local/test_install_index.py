"""The installer against an index that has newer releases than the lock names, with old and new pips and odd settings."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from diana.local import install
from tests.local.made_index import LOCKED, NEWER, PACKAGES, PIPS, MadeIndex, make_environment, make_wheel


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeIndex]:
    with MadeIndex(tmp_path_factory.mktemp("index")) as made:
        yield made


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing of this machine's settings of pip."""
    for name in [name for name in install.os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "etc"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(checkout: Path, section: str, values: Mapping[str, str]) -> None:
    """Write pip's settings of the user."""
    file = checkout / "home" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write("\n".join([f"[{section}]", *(f"{name} = {value}" for name, value in values.items()), ""]))


def installed(checkout: Path) -> dict[str, str]:
    """Return the versions of the made packages in the environment."""
    found = [re.fullmatch(r"([a-z]+)-([\d.]+)\.dist-info", path.name) for path in checkout.glob(".venv/**/*.dist-info")]
    return {match[1]: match[2] for match in found if match and match[1] in PACKAGES}


@pytest.mark.parametrize("pip", PIPS)
def test_a_newer_release_changes_nothing_whatever_the_user_has_set(
    checkout: Path, index: MadeIndex, pip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(checkout / ".venv", pip)
    make_wheel(checkout / "found", "wall", NEWER)
    (checkout / "constraints.txt").write_text(f"wall=={NEWER}\n")
    settings_of(checkout, "global", {"index-url": index.url, "find-links": str(checkout / "found")})
    settings_of(checkout, "install", {"target": str(checkout / "elsewhere"), "no-binary": ":all:"})
    monkeypatch.setenv("PIP_CONSTRAINT", str(checkout / "constraints.txt"))
    monkeypatch.setenv("PIP_NO_BINARY", ":all:")
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    (checkout / "requirements.txt").write_text(index.lock())

    assert install.main([".venv", "requirements.txt"]) == 0

    assert installed(checkout) == dict.fromkeys(PACKAGES, LOCKED)
    assert not (checkout / "elsewhere").exists()


@pytest.mark.parametrize(
    ("absent", "told"),
    [
        ("brick", 'wall[solid] needs brick>=1; extra == "solid", which is not installed'),
        ("earth", "clay needs earth>=1, which is not installed"),
    ],
)
def test_a_lock_that_lacks_a_package_is_found(
    checkout: Path, index: MadeIndex, absent: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(checkout / ".venv", max(PIPS))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    (checkout / "requirements.txt").write_text(index.lock([name for name in PACKAGES if name != absent]))

    error = str(install.main([".venv", "requirements.txt"])).replace("'", '"')

    assert told in error
    assert "make requirements" in error
    assert not install.is_current(".venv", ["requirements.txt"])


def test_a_package_older_than_another_needs_is_found(
    checkout: Path, index: MadeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(checkout / ".venv", max(PIPS))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    (checkout / "requirements.txt").write_text(index.lock())
    assert install.main([".venv", "requirements.txt"]) == 0
    (metadata,) = (checkout / ".venv").glob("**/clay-*/METADATA")
    metadata.write_text(metadata.read_text().replace("earth>=1", "earth>=3"))

    checker = Path(install.__file__).with_name("completeness.py")
    command = [".venv/bin/python", "-I", str(checker), "requirements.txt"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 1
    assert f"clay needs earth>=3, and {LOCKED} is installed." in checked.stderr


def test_an_index_that_does_not_answer_is_said_with_its_cure(
    checkout: Path, index: MadeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_environment(checkout / ".venv", max(PIPS))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple/")
    monkeypatch.setenv("PIP_RETRIES", "1")
    (checkout / "requirements.txt").write_text(index.lock())

    error = str(install.main([".venv", "requirements.txt"]))

    assert "The package index does not answer" in error
    assert len(error.splitlines()) <= install.LOG_LINES + 2


def test_it_says_what_it_installs_and_how_long_it_took(checkout: Path, index: MadeIndex) -> None:
    make_environment(checkout / ".venv", max(PIPS))
    settings_of(checkout, "global", {"extra-index-url": "file:///nowhere/simple", "index-url": index.url})
    (checkout / "requirements.txt").write_text(index.lock())
    command = [sys.executable, "-I", install.__file__, ".venv", "requirements.txt"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.fullmatch(r"Installing 5 packages of requirements.txt into .venv …\nInstalled in \d+ s\.\n", ended.stdout)
