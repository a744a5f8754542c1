"""Playing in a surrounding: what counts as a difference. The clone is a small one, with a demo of one line."""

import subprocess
from pathlib import Path

import pytest

from surroundings.clones import end_processes, running
from surroundings.errors import Different
from surroundings.playing import environment, play
from surroundings.surrounding import Place, Surrounding

RIGHT = """echo '{"lost": 0, "doubled": 0, "ledger_ok": true, "seconds": 1.5}'"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, tmp_path / "diana")
    for folder in (made.home, made.temporary, made.extra, made.clone):
        folder.mkdir()
    return made


def play_demo(place: Place, recipe: str, **differs: object) -> None:
    (place.clone / "Makefile").write_text(f"demo:\n\t@{recipe}\n")
    (place.clone / "Procfile").touch()
    git = ["git", "-C", str(place.clone)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    author = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run([*git, *author, "commit", "--quiet", "--message", "A clone"], check=True)
    play(Surrounding("small", "", installs=True, **differs), place, place.folder / "cache")  # type: ignore[arg-type]


def test_it_is_content_with_right_effects(place: Place) -> None:
    play_demo(place, RIGHT)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (RIGHT.replace('"lost": 0', '"lost": 1'), "the effects differ"),
        (RIGHT.replace("true", "false"), "the effects differ"),
        ("echo played", "the last line is no outcome"),
        (f"{RIGHT}; exit 3", "status 2"),
        (f"echo a warning >&2; {RIGHT}", "a warning"),
        (f'touch "$$HOME/left"; {RIGHT}', "files are left outside"),
        (f'touch "$$TMPDIR/left"; {RIGHT}', "files are left outside"),
        (f"echo more >> Procfile; {RIGHT}", "the checkout has changed"),
    ],
)
def test_it_names_the_difference(place: Place, recipe: str, why: str) -> None:
    with pytest.raises(Different, match=why):
        play_demo(place, recipe)


def test_it_finds_and_ends_processes_that_are_left(place: Place) -> None:
    with pytest.raises(Different, match=r"processes are left: .*sleep 600"):
        play_demo(place, f"(setsid sleep 600 >/dev/null 2>&1 &); {RIGHT}")

    end_processes(place.folder)
    assert running(place.folder) == []


def test_it_expects_one_sentence_where_diana_cannot_work(place: Place) -> None:
    sentence = "the folder has a colon"
    play_demo(place, f"echo {sentence} >&2; exit 1", refused="has a colon")

    with pytest.raises(Different, match="does not say"):
        play(Surrounding("small", "", installs=True, refused="a blank"), place, place.folder / "cache")


def test_it_sets_and_unsets_variables_and_forgets_those_of_make(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAKEFLAGS", "VIRTUAL_ENV", "LANG", "TZ"):
        monkeypatch.setenv(name, "before")
    surrounding = Surrounding("small", "", {"LANG": None, "OTHER": "{extra}/other"})

    found = environment(surrounding, {"home": "h", "temporary": "t", "extra": "e"}, place.folder)

    assert {"MAKEFLAGS", "VIRTUAL_ENV", "LANG"} & found.keys() == set()
    assert (found["TZ"], found["OTHER"], found["HOME"], found["TMPDIR"]) == ("before", "e/other", "h", "t")
