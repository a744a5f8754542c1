"""What must hold of the data files beyond their types: `manage.py check_content`, and every start, run these checks. Pure."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from apps.content.checking import challenges, paths, stories, trivia
from apps.content.library import DATA, Problem, read, read_stories
from apps.content.shapes import Story

__all__ = ["challenges", "counts", "paths", "problems", "stories", "stories_of", "trivia"]

QUESTIONS = 60
CHALLENGES = 14
STORIES = 2
# What the tiers of page_turner, decider, many_paths and secret_keeper count on: nobody could reach more than there is,
# and gold is for who has seen all of it.
CHAPTERS = 8
ENDINGS = 4
SECRETS = 4


def problems(folder: Path = DATA) -> list[Problem]:
    """Return everything that is wrong with the data files of this folder, by file and key."""
    library, files, found = read(folder)
    found = list(found)
    for key, question in library.questions.items():
        found += [Problem(files[key], key, text) for text in trivia.problems(key, question)]
    for key, challenge in library.challenges.items():
        found += [Problem(files[key], key, text) for text in challenges.problems(key, challenge)]
    found += _of_stories(library.stories, files)
    return sorted(found) + [Problem("data", "", text) for text in _counted(folder)]


def stories_of(files: Iterable[Path]) -> tuple[dict[str, Story], list[Problem]]:
    """Return the stories of these files by the files' names, and everything that is wrong with them."""
    told, names, found = read_stories(files)
    return {names[key]: story for key, story in told.items()}, sorted([*found, *_of_stories(told, names)])


def counts(folder: Path = DATA) -> dict[str, int]:
    """Return how much there is of each."""
    library, _files, _problems = read(folder)
    told = library.stories.values()
    return {
        "questions": len(library.questions),
        "challenges": len(library.challenges),
        "stories": len(told),
        "chapters": sum(len(story.chapters) for story in told),
        "decisions": sum(bool(chapter.choices) for story in told for chapter in story.chapters.values()),
        "endings": sum(len(story.endings) for story in told),
        "secrets": sum(len(story.secrets) for story in told),
    }


def _of_stories(told: Mapping[str, Story], files: Mapping[str, str]) -> list[Problem]:
    found = [Problem(files[key], place, text) for key, story in told.items() for place, text in stories.problems(story)]
    for key in stories.repeated_secrets(told.values()):
        found.append(Problem("stories", key, "Two stories have a secret of this key: give one of them another."))
    return found


def _counted(folder: Path) -> list[str]:
    wanted = {
        "questions": QUESTIONS,
        "challenges": CHALLENGES,
        "stories": STORIES,
        "chapters": CHAPTERS,
        "decisions": CHAPTERS,
        "endings": ENDINGS,
        "secrets": SECRETS,
    }
    there = counts(folder)
    return [
        f"There are {there[what]} {what}, not {number}: achievements and texts count on it, so change them together."
        for what, number in wanted.items()
        if there[what] != number
    ]
