"""Reading the data files. Read once for a process: they come with the code, and change with it."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from apps.content.shapes import Challenge, Library, Question, Story

DATA = Path(__file__).parent / "data"
Shape = TypeVar("Shape")


class Problem(NamedTuple):
    """What is wrong, in which file, at which key ("" for the file itself)."""

    file: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.text}" if self.key else f"{self.file}: {self.text}"


class InvalidContent(ValueError):
    """The data files hold something that is no content: `manage.py check_content` says where."""


@cache
def library() -> Library:
    """Return all content; raises InvalidContent, naming the first mistake."""
    found, _files, problems = read(DATA)
    if problems:
        raise InvalidContent(f"{problems[0]}: run manage.py check_content for the rest.")
    return found


def read(folder: Path) -> tuple[Library, dict[str, str], list[Problem]]:
    """Return what could be read, in which file each key stands, and what could not be."""
    reading = _Reading()
    questions = reading.tables(folder, "trivia", Question)
    challenges: dict[str, Challenge] = reading.tables(folder, "challenges", Challenge)  # type: ignore[arg-type]
    stories = reading.stories(story_files(folder))
    return Library(_sorted(questions), _sorted(challenges), _sorted(stories)), reading.files, reading.problems


def read_stories(paths: Iterable[Path]) -> tuple[dict[str, Story], dict[str, str], list[Problem]]:
    """Return the stories of these files, in which file each key stands, and what could not be read."""
    reading = _Reading()
    return reading.stories(paths), reading.files, reading.problems


def story_files(folder: Path = DATA) -> list[Path]:
    """Return the files of the stories, in the order of their names."""
    return sorted((folder / "stories").glob("*.toml"))


def _sorted(found: dict[str, Shape]) -> dict[str, Shape]:
    return dict(sorted(found.items()))


class _Reading:
    """One reading of the files: what was found where, and what was wrong."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.problems: list[Problem] = []

    def tables(self, folder: Path, kind: str, shape: type[Shape]) -> dict[str, Shape]:
        """Read files of which each table is one thing, named by its key."""
        found: dict[str, Shape] = {}
        for path in sorted((folder / kind).glob("*.toml")):
            for key, table in self._parsed(path).items():
                if self._is_new(path, key):
                    self._add(found, path, key, table, shape)
        return found

    def stories(self, paths: Iterable[Path]) -> dict[str, Story]:
        """Read files each of which is one story."""
        found: dict[str, Story] = {}
        for path in paths:
            table = self._parsed(path)
            key = str(table.get("key", path.stem))
            if table and self._is_new(path, key):
                self._add(found, path, key, table, Story)
        return found

    def _parsed(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.problems.append(Problem(path.name, "", "There is no such file: name one that is there."))
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.problems.append(Problem(path.name, "", f"This is no TOML: {error}"))
            return {}

    def _is_new(self, path: Path, key: str) -> bool:
        if key in self.files:
            self.problems.append(Problem(path.name, key, f"The key stands in {self.files[key]} too: give it another."))
            return False
        self.files[key] = path.name
        return True

    def _add(self, found: dict[str, Shape], path: Path, key: str, table: Any, shape: type[Shape]) -> None:
        try:
            found[key] = msgspec.convert(table, shape)
        except msgspec.ValidationError as error:
            self.problems.append(Problem(path.name, key, str(error)))
