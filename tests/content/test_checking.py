"""check_content: the files that are there are right, and every mistake is found and named."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command

from apps.content import checking, checks, library
from apps.content.library import DATA, InvalidContent
from apps.gamification.models import AchievementVersion


def test_the_files_are_right() -> None:
    assert checking.problems() == []
    assert checks.check_data() == []


@pytest.mark.django_db
def test_there_is_as_much_as_the_achievements_count() -> None:
    gold = {
        version.achievement_id: max(tier["target"] for tier in version.tiers)
        for version in AchievementVersion.objects.all()
    }
    there = checking.counts()
    assert gold["page_turner"] == there["chapters"] == 8
    assert gold["decider"] == there["decisions"] == 8
    assert gold["many_paths"] == there["endings"] == 4
    assert gold["secret_keeper"] == there["secrets"] == 4
    assert (there["questions"], there["challenges"], there["stories"]) == (60, 14, 2)


def ran(*arguments: str) -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("check_content", *arguments, stdout=out)
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_command_tells_how_much_there_is() -> None:
    assert ran() == (
        True,
        "60 questions, 14 challenges, 2 stories, 8 chapters, 8 decisions, 4 endings, 4 secrets\n",
    )
    ok, printed = ran("--json")
    assert ok
    assert json.loads(printed)["problems"] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the data files."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


# file, what stands there, what is put in its place, the key and a part of the message
MISTAKES = {
    "no TOML": ("trivia/space.toml", "[q-011]", "[q-011", "", "no TOML"),
    "a key that stands twice": ("trivia/space.toml", "[q-011]", "[q-001]", "q-001", "nature.toml too"),
    "a language that is missing": ("trivia/space.toml", 'right.es = "Júpiter"\n', "", "q-011", "`es`"),
    "a word nobody knows": ("trivia/space.toml", 'right.es = "Júpiter"', 'right.fr = "Jupiter"', "q-011", "`fr`"),
    "two right answers": ("trivia/space.toml", '["Mercury", "Mars"', '["jupiter", "Mars"', "q-011", "exactly one"),
    "too few answers": ("trivia/nature.toml", '["1", "2", "5"]', '["1", "2"]', "q-001", "3 answers, not 4"),
    "an empty text": ("trivia/nature.toml", '"How many hearts does an octopus have?"', '" "', "q-001", "empty"),
    "a text that is too long": ("trivia/nature.toml", '"By a dance"', f'"{"x" * 43}"', "q-005", "43 characters"),
    "what cannot be shown": ("trivia/nature.toml", '"By a dance"', '"By a\\u200b dance"', "q-005", "cannot be shown"),
    "a strange key": ("trivia/nature.toml", "[q-001]", "[Q1]", "Q1", "q- and three digits"),
    "a kind that is none": ("challenges/number_rows.toml", 'kind = "numbers"', 'kind = "sums"', "c-03", "sums"),
    "fewer words in one": ("challenges/word_order.toml", '"más", "vale"', '"vale"', "c-04", "as many"),
    "a word twice": ("challenges/word_order.toml", '"louder", "than"', '"than", "than"', "c-04", "the same"),
    "a table nobody knows": ("challenges/true_or_false.toml", "[[c-02.statements]]", "[[c-02.rows]]", "c-02", "`rows`"),
    "a challenge's key": ("challenges/number_rows.toml", "c-03", "row", "row", "two digits"),
    "a row with two right numbers": ("challenges/number_rows.toml", '"20", "24", "30"', '"32", "24", "30"', "c-03", "same"),
    "a chapter that is none": ("stories/light.toml", 'to = "storm"', 'to = "strom"', "light.lamp", "'strom'"),
    "a circle": ("stories/light.toml", 'to = "storm"', 'to = "shore"', "light", "for ever"),
    "nowhere to begin": ("stories/light.toml", 'first = "shore"', 'first = "sea"', "light", "'sea'"),
    "an ending nobody meets": ("stories/light.toml", 'ending = "bell"', 'ending = "dawn"', "light.bell", "ending"),
    "a secret nobody meets": ("stories/light.toml", 'secret = "page"\n', "", "light.page", "secret"),
    "a chapter nobody meets": ("stories/light.toml", 'to = "cellar"', 'to = "lamp"', "light.cellar", "chapter"),
    "a choice nobody meets": ("stories/light.toml", 'needs = "ledger"', 'needs = "shine"', "light.ask", "choice"),
    "what a choice needs": ("stories/light.toml", 'needs = "ledger"', 'needs = "nothing"', "light.lamp", "'nothing'"),
    "two ways at once": ("stories/light.toml", 'ending = "bell"', 'ending = "bell"\nto = "lamp"', "light.storm", "one of"),
    "a page of what only some met": (
        "stories/light.toml", "on the lowest step sits a girl of nine or so", "on the lowest step lies a glove",
        "light.shore", "`girl`",
    ),
    "an ending of what only some did": (
        "stories/light.toml", 'needs = "green"\n', "", "light.dawn", "knock → light → shine",
    ),
    "a choice of what only some saw": ("stories/light.toml", 'needs = "ledger"', 'needs = "oil"', "light.lamp", "follow → oil:"),
    "a flag nobody declared": ("stories/light.toml", '"green", "lit"]', '"grene", "lit"]', "light.lamp", "'grene'"),
    "a flag nobody sets": ("stories/train.toml", 'sets = ["star"]\n', "", "train.star", "nothing sets"),
    "a flag of a page that is none": ("stories/light.toml", "sets.1 =", "sets.3 =", "light.cellar", "no page '3'"),
    "a flag that is a choice": ("stories/train.toml", "[flags.star]", "[flags.card]", "train.card", "tell them apart"),
    "a hint for nothing": ("stories/light.toml", 'secret = "shell"', 'secret = "stone"', "light.shore", "'stone'"),
    "a long key": ("stories/light.toml", "choices.follow]", "choices.footprints]", "light.footprints", "1 to 8"),
    "a choice's key twice": ("stories/light.toml", "lamp.choices.light]", "lamp.choices.oil]", "light.oil", "tell them apart"),
    "a story's key twice": ("stories/train.toml", 'key = "train"', 'key = "light"', "light", "light.toml too"),
    "a secret of two stories": ("stories/train.toml", "ticket", "shell", "shell", "Two stories"),
    "a long name": ("stories/train.toml", '"The 0:61 Train"', f'"{"x" * 61}"', "train", "61 characters"),
    "pages of one language": ("stories/train.toml", 'pages.es = [', 'pages.es = [ "Una",', "train.stop", "as many lines"),
}  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "key", "text"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named(folder: Path, file: str, old: str, new: str, key: str, text: str) -> None:
    path = folder / file
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))
    found = [problem for problem in checking.problems(folder) if problem.key == key and text in str(problem)]
    assert found, checking.problems(folder)
    assert found[0].file in (path.name, "stories")
    ok, printed = ran("--folder", str(folder))
    assert not ok
    assert str(found[0]) in printed


def test_what_is_missing_is_counted(folder: Path) -> None:
    (folder / "trivia" / "space.toml").unlink()
    assert [str(problem) for problem in checking.problems(folder)] == [
        "data: There are 50 questions, not 60: achievements and texts count on it, so change them together."
    ]
    ok, printed = ran("--folder", str(folder), "--json")
    assert not ok
    assert json.loads(printed)["counts"]["questions"] == 50


def changed_story(**fields: Any) -> list[str]:
    """What is said about a story of which one chapter was changed."""
    story = library.library().stories["light"]
    shore = msgspec.structs.replace(story.chapters["shore"], **fields)
    changed = msgspec.structs.replace(story, chapters=story.chapters | {"shore": shore})
    return [text for _, text in checking.stories.problems(changed)]


def test_a_page_that_not_everybody_understands_is_named_with_the_way_that_lacks_it(folder: Path) -> None:
    path = folder / "stories" / "light.toml"
    path.write_text(path.read_text().replace('sets = ["girl"]\n', ""))
    ok, printed = ran("--folder", str(folder))
    assert not ok
    assert (
        "light.toml: light.storm: page 2 tells of `girl` (“girl”), which has not happened to who chose knock → light:"
        " say it otherwise, let it happen before on that way too, or name it in `sets` where it does."
    ) in printed.splitlines()
    assert printed.count("page 2 tells of `girl`") == 1, "the shortest way is enough"


def told(*files: Path) -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("check_stories", *map(str, files), stdout=out)
    except CommandError as error:
        return False, out.getvalue() + str(error)
    return True, out.getvalue()


def test_a_story_file_is_checked_alone(folder: Path, tmp_path: Path) -> None:
    assert told() == (
        True,
        "light.toml: 4 chapters, 2 endings, 2 secrets, 8 states of a reader\n"
        "train.toml: 4 chapters, 2 endings, 2 secrets, 6 states of a reader\n",
    )
    light = folder / "stories" / "light.toml"
    light.write_text(light.read_text().replace('ending = "bell"', 'ending = "dusk"'))
    ok, printed = told(light)
    assert not ok
    assert "light.toml: light.storm: ring: there is no ending 'dusk'" in printed
    assert "train.toml" not in printed
    assert told(folder / "stories" / "train.toml")[0]
    assert "no such file" in told(tmp_path / "nothing.toml")[1]


def test_a_story_of_more_states_than_can_be_walked_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking.paths, "MOST_STATES", 5)
    assert any(
        "more than 5 states" in text for _, text in checking.stories.problems(library.library().stories["light"])
    )


def test_a_reader_is_never_stuck_before_choices_that_all_need_another() -> None:
    choices = library.library().stories["light"].chapters["shore"].choices
    needy = {key: msgspec.structs.replace(choice, needs="oil") for key, choice in choices.items()}
    assert any("stuck" in text for text in changed_story(choices=needy))
    assert any("2 to 4 choices" in text for text in changed_story(choices={}))


def test_a_challenge_has_steps() -> None:
    empty = msgspec.structs.replace(library.library().challenges["c-02"], statements=())
    assert any("1 to 20 steps" in text for text in checking.challenges.problems("c-02", empty))


def test_a_chapter_has_pages() -> None:
    pages = library.library().stories["light"].chapters["shore"].pages
    none = msgspec.structs.replace(pages, en=(), es=(), ru=())
    assert any("1 to 8 pages" in text for text in changed_story(pages=none))


def test_a_process_does_not_start_with_files_that_are_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "trivia" / "space.toml").write_text("[q-011]\n")
    monkeypatch.setattr(library, "DATA", folder)
    with pytest.raises(InvalidContent, match=r"space\.toml: q-011: .*check_content"):
        library.library.__wrapped__()


def test_the_check_at_the_start_names_file_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [library.Problem("space.toml", "q-011", "no")]
    monkeypatch.setattr(checks, "problems", lambda: wrong)
    (found,) = checks.check_data()
    assert (found.id, found.msg) == ("content.E001", "space.toml: q-011: no")
