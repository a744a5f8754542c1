"""A story tells of nothing that has not happened: whatever way a reader came, each text makes sense. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from apps.content.checking.paths import State, choices
from apps.content.checking.texts import LANGUAGES
from apps.content.shapes import Flag, Lines, Story, Words
from apps.content.stories import flags_of_choice

Found = tuple[str, str]


class Text(NamedTuple):
    """What a reader sees at a place: `tells` and `sets` are the flags named there, `flags` those that are set then."""

    key: str
    place: str
    said: tuple[Words, ...]
    tells: tuple[str, ...]
    flags: frozenset[str]
    way: tuple[str, ...]
    sets: tuple[str, ...] = ()


def problems(story: Story, states: list[State]) -> Iterator[Found]:
    """Name each text that tells of a flag which is not set on some way, once, with the shortest such way.

    So is one that sets a flag and does not say it: nobody would know that it has happened.
    """
    reported: set[tuple[str, str, str]] = set()
    for text in (text for state in states for text in texts(story, state)):
        found = {
            flag: _untold(text, flag, word) for flag, word in told(text, story.flags).items() if flag not in text.flags
        }
        found |= dict(_silent(text, story.flags))
        for flag, problem in found.items():
            where = (text.key, text.place, flag)
            if where not in reported:
                reported.add(where)
                yield text.key, problem


def texts(story: Story, state: State) -> Iterator[Text]:
    """Yield what a reader may see in this state, with the flags that are set when they see it."""
    chapter, key = story.chapters[state.chapter], f"{story.key}.{state.chapter}"
    for number in range(len(chapter.pages.en)):
        said = (chapter.title, _line(chapter.pages, number)) if number == 0 else (_line(chapter.pages, number),)
        tells, sets = (by_page.get(str(number + 1), ()) for by_page in (chapter.tells, chapter.sets))
        yield Text(key, f"page {number + 1}", said, tells, state.on_page(story, number), state.way, sets)
    flags = state.at_decision(story)
    hint = (chapter.hint.text,) if chapter.hint else ()
    yield Text(key, "the question", (chapter.ask, *hint), (), flags, state.way)
    for name, choice in choices(story, state):
        way, after = (*state.way, name), flags | flags_of_choice(name, choice)
        yield Text(key, f"the choice {name!r}", (choice.say,), choice.tells, flags, state.way)
        yield Text(key, f"what comes of {name!r}", (choice.then,), (), after, way, choice.sets)
        if choice.ending in story.endings:
            ending = story.endings[choice.ending]
            yield Text(
                f"{story.key}.{choice.ending}", "the ending", (ending.title, ending.text), ending.tells, after, way
            )


def told(text: Text, flags: Mapping[str, Flag]) -> dict[str, str]:
    """Return the flags of which a text tells, each with the word by which it does ("" if it says so itself)."""
    found = dict.fromkeys(text.tells, "")
    for key, flag in flags.items():
        word = next((word for language in LANGUAGES for word in _words(text, flag, language)), "")
        if word:
            found[key] = word
    return found


def _words(text: Text, flag: Flag, language: str) -> Iterator[str]:
    said = "\n".join(words.said(language) for words in text.said).casefold()
    yield from (word for word in flag.words.said(language) if re.search(rf"\b{re.escape(word)}", said))


def _silent(text: Text, flags: Mapping[str, Flag]) -> Iterator[tuple[str, str]]:
    """Yield the flags that a text sets without one of their words, in a language that has some."""
    for key in text.sets:
        words = flags[key].words if key in flags else Flag().words
        lacking = [lang for lang in LANGUAGES if words.said(lang) and not any(_words(text, flags[key], lang))]
        if lacking:
            missing = f"but has none of its words in {', '.join(lacking)}"
            yield key, f"{text.place} sets `{key}`, {missing}: tell there what happens, or set it where that is told."


def _line(lines: Lines, number: int) -> Words:
    """Return a line in every language; one that a language lacks is empty, and named elsewhere."""
    return Words(*("".join(lines.said(language)[number : number + 1]) for language in LANGUAGES))


def _untold(text: Text, flag: str, word: str) -> str:
    by = f" (“{word}”)" if word else ""
    way = f"to who chose {' → '.join(text.way)}" if text.way else "at the beginning"
    return (
        f"{text.place} tells of `{flag}`{by}, which has not happened {way}: say it otherwise, let it happen before on that"
        " way too, or name it in `sets` where it does."
    )
