"""What must hold of a story: its texts fit, and whatever a reader chooses, there is a way on, to an ending."""

from collections import Counter
from collections.abc import Iterable, Iterator

from apps.content.checking import texts
from apps.content.shapes import Chapter, Choice, Story
from apps.content.stories import offered, walks

Found = tuple[str, str]
# What came of the last choice and the page stand in one message.
THEN = 800
PAGE = texts.MESSAGE - texts.AROUND - THEN - 600
HINT = 400
MOST_CHOICES = 4
MOST_PAGES = 8


def problems(story: Story) -> Iterator[Found]:
    """Say at which key what is wrong."""
    for key in (story.key, *story.chapters, *story.endings, *story.secrets, *_choices(story)):
        yield from ((f"{story.key}.{key}", text) for text in texts.key_problems(key))
    for what, text, most in (("title", story.title, texts.TITLE), ("about", story.about, THEN)):
        yield from ((story.key, found) for found in texts.text_problems(what, text, most=most))
    for key, chapter in story.chapters.items():
        yield from ((f"{story.key}.{key}", text) for text in _of_chapter(story, chapter))
    for key, ending in story.endings.items():
        yield from ((f"{story.key}.{key}", t) for t in texts.text_problems("title", ending.title, most=texts.TITLE))
        yield from ((f"{story.key}.{key}", t) for t in texts.text_problems("text", ending.text, most=PAGE))
    for key, secret in story.secrets.items():
        yield from ((f"{story.key}.{key}", t) for t in texts.text_problems("title", secret.title, most=texts.TITLE))
    yield from _of_graph(story)


def repeated_secrets(stories: Iterable[Story]) -> list[str]:
    """Return the keys of secrets that two stories share: an event names a secret by its key alone."""
    counted = Counter(key for story in stories for key in story.secrets)
    return sorted(key for key, number in counted.items() if number > 1)


def _choices(story: Story) -> list[str]:
    return [key for chapter in story.chapters.values() for key in chapter.choices]


def _of_chapter(story: Story, chapter: Chapter) -> Iterator[str]:
    yield from texts.text_problems("title", chapter.title, most=texts.TITLE)
    yield from texts.line_problems("pages", chapter.pages, most=PAGE)
    yield from texts.text_problems("ask", chapter.ask, most=200)
    if not 1 <= len(chapter.pages.en) <= MOST_PAGES:
        yield f"A chapter has 1 to {MOST_PAGES} pages."
    if chapter.hint is not None:
        yield from texts.one_problem("hint.button", chapter.hint.button, most=8)
        yield from texts.text_problems("hint.text", chapter.hint.text, most=HINT)
        if chapter.hint.secret not in story.secrets:
            yield f"The hint names a secret {chapter.hint.secret!r} that is none."
    if not 2 <= len(chapter.choices) <= MOST_CHOICES:
        yield f"A decision has 2 to {MOST_CHOICES} choices."
    for key, choice in chapter.choices.items():
        yield from _of_choice(story, key, choice)


def _of_choice(story: Story, key: str, choice: Choice) -> Iterator[str]:
    yield from texts.text_problems(f"{key}.say", choice.say, most=texts.BUTTON)
    yield from texts.text_problems(f"{key}.then", choice.then, most=THEN)
    if bool(choice.to) == bool(choice.ending):
        yield f"{key}: a choice leads to a chapter or to an ending, to one of them."
    for name, known, what in (
        (choice.to, story.chapters, "chapter"),
        (choice.ending, story.endings, "ending"),
        (choice.secret, story.secrets, "secret"),
        (choice.needs, _choices(story), "choice"),
    ):
        if name and name not in known:
            yield f"{key}: there is no {what} {name!r}."


def _of_graph(story: Story) -> Iterator[Found]:
    """Say what cannot be reached, and where a reader would be stuck."""
    choices = _choices(story)
    for key in sorted({key for key in choices if choices.count(key) > 1}):
        yield f"{story.key}.{key}", "Two choices have this key: `needs` could not tell them apart."
    if story.first not in story.chapters:
        yield story.key, f"The story begins with {story.first!r}, which is no chapter."
        return
    circle = _circle(story, story.first, ())
    if circle:
        yield story.key, f"A reader could go round for ever: {' → '.join(circle)}."
        return
    yield from _unreached(story)
    for key, chapter in story.chapters.items():
        if not offered(chapter, ()):
            yield f"{story.key}.{key}", "Every choice needs another one: a reader may be stuck here."


def _unreached(story: Story) -> Iterator[Found]:
    every = list(walks(story))
    met = (
        ("chapter", story.chapters, {key for walk in every for key in walk.chapters}),
        ("choice", _choices(story), {key for walk in every for key in walk.choices}),
        ("ending", story.endings, {walk.ending for walk in every}),
        ("secret", story.secrets, {key for walk in every for key in walk.secrets}),
    )
    for what, keys, reached in met:
        for key in keys:
            if key not in reached:
                yield f"{story.key}.{key}", f"No way through the story that has an end meets this {what}."


def _circle(story: Story, chapter: str, before: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chapters of a circle that can be reached from here, or nothing."""
    if chapter in before:
        return (*before[before.index(chapter) :], chapter)
    if chapter not in story.chapters:
        return ()
    for choice in story.chapters[chapter].choices.values():
        found = _circle(story, choice.to, (*before, chapter)) if choice.to else ()
        if found:
            return found
    return ()
