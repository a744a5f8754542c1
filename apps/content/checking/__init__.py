"""What must hold of the data files beyond their types: `manage.py check_content`, and every start, run these checks. Pure."""

from pathlib import Path

from apps.content.checking import challenges, stories, trivia
from apps.content.library import DATA, Problem, read

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
    for key, story in library.stories.items():
        found += [Problem(files[key], place, text) for place, text in stories.problems(story)]
    for key in stories.repeated_secrets(library.stories.values()):
        found.append(Problem("stories", key, "Two stories have a secret of this key: give one of them another."))
    return sorted(found) + [Problem("data", "", text) for text in _counted(folder)]


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
