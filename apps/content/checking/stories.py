"""What must hold of a story: its texts fit, and whatever a reader chooses, there is a way on, to an ending."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from apps.content.checking import paths, telling, texts
from apps.content.shapes import Chapter, Choice, Story

Found = tuple[str, str]
# What came of the last choice and the page stand in one message.
THEN = 800
PAGE = texts.MESSAGE - texts.AROUND - THEN - 600
HINT = 400
MOST_CHOICES = 4
MOST_PAGES = 8


def problems(story: Story) -> Iterator[Found]:
    """Say at which key what is wrong."""
    for key in (story.key, *story.chapters, *story.endings, *story.secrets, *story.flags, *_choices(story)):
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
    yield from _of_flags(story, chapter)


def _of_flags(story: Story, chapter: Chapter) -> Iterator[str]:
    pages = {str(number + 1) for number in range(len(chapter.pages.en))}
    for name, by_page in (("sets", chapter.sets), ("tells", chapter.tells)):
        for page, flags in by_page.items():
            if page not in pages:
                yield f"{name}: there is no page {page!r} of {len(pages)}; they count from 1."
            yield from (f"{name}.{page}: there is no flag {flag!r}." for flag in flags if flag not in story.flags)


def _of_choice(story: Story, key: str, choice: Choice) -> Iterator[str]:
    yield from texts.text_problems(f"{key}.say", choice.say, most=texts.BUTTON)
    yield from texts.text_problems(f"{key}.then", choice.then, most=THEN)
    if bool(choice.to) == bool(choice.ending):
        yield f"{key}: a choice leads to a chapter or to an ending, to one of them."
    named: list[tuple[str, Collection[str], str]] = [
        (choice.to, story.chapters, "chapter"),
        (choice.ending, story.endings, "ending"),
        (choice.secret, story.secrets, "secret"),
        (choice.needs, (*_choices(story), *story.flags), "choice or flag"),
        *((flag, story.flags, "flag") for flag in (*choice.sets, *choice.tells)),
    ]
    for name, known, what in named:
        if name and name not in known:
            yield f"{key}: there is no {what} {name!r}."


def _of_graph(story: Story) -> Iterator[Found]:
    """Say what cannot be reached, and where a reader would be stuck."""
    choices = [*_choices(story), *story.flags]
    for key in sorted({key for key in choices if choices.count(key) > 1}):
        yield f"{story.key}.{key}", "Two choices or flags have this key: `needs` could not tell them apart."
    if story.first not in story.chapters:
        yield story.key, f"The story begins with {story.first!r}, which is no chapter."
        return
    circle = _circle(story, story.first, ())
    if circle:
        yield story.key, f"A reader could go round for ever: {' → '.join(circle)}."
        return
    try:
        states = paths.states(story)
    except paths.TooManyStates as error:
        yield story.key, str(error)
        return
    yield from _unreached(story, states)
    yield from _stuck(story, states)
    yield from telling.problems(story, states)


def _unreached(story: Story, states: list[paths.State]) -> Iterator[Found]:
    offered = [pair for state in states for pair in paths.choices(story, state)]
    chapters = {state.chapter for state in states}
    hints = {hint.secret for key in chapters if (hint := story.chapters[key].hint)}
    pages = {flag for key in chapters for flags in story.chapters[key].sets.values() for flag in flags}
    met = (
        ("chapter", story.chapters, chapters),
        ("choice", _choices(story), {key for key, _ in offered}),
        ("ending", story.endings, {choice.ending for _, choice in offered}),
        ("secret", story.secrets, hints | {choice.secret for _, choice in offered}),
    )
    for what, keys, reached in met:
        for key in keys:
            if key not in reached:
                yield f"{story.key}.{key}", f"No way through the story meets this {what}: lead to it, or take it out."
    for key in story.flags:
        if key not in pages | {flag for _, choice in offered for flag in choice.sets}:
            yield (
                f"{story.key}.{key}",
                "Of what a reader can meet nothing sets this flag: name it in `sets` where it happens.",
            )


def _stuck(story: Story, states: list[paths.State]) -> Iterator[Found]:
    named: set[str] = set()
    for state in states:
        if state.chapter not in named and not any(paths.choices(story, state)):
            named.add(state.chapter)
            way = " → ".join(state.way) or "nothing yet"
            yield (
                f"{story.key}.{state.chapter}",
                f"Every choice needs another one: who chose {way} is stuck here. Offer one that needs nothing.",
            )


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
