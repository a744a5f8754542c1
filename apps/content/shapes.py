"""What a data file may hold, as strict types: texts in every language, questions, challenges, stories. Pure."""

import msgspec


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table in which nothing may be misspelt."""


class Words(Strict, frozen=True):
    """A text in every language the bot speaks; plain, whoever shows it escapes it."""

    en: str
    es: str
    ru: str

    def said(self, language: str) -> str:
        """Return it in this language, English for one that is none of them."""
        return {"es": self.es, "ru": self.ru}.get(language, self.en)


class Lines(Strict, frozen=True):
    """Several texts in every language, as many in each."""

    en: tuple[str, ...]
    es: tuple[str, ...]
    ru: tuple[str, ...]

    def said(self, language: str) -> tuple[str, ...]:
        """Return them in this language, English for one that is none of them."""
        return {"es": self.es, "ru": self.ru}.get(language, self.en)


class Choosing(Strict, frozen=True, kw_only=True):
    """Something asked, with one right answer and others; numbers and names may be the same text in all languages."""

    ask: Words
    right: Words | str
    wrong: Lines | tuple[str, ...]

    def answers(self, language: str) -> tuple[str, ...]:
        """Return the answers in this language, the right one first."""
        right = self.right if isinstance(self.right, str) else self.right.said(language)
        wrong = self.wrong.said(language) if isinstance(self.wrong, Lines) else self.wrong
        return (right, *wrong)


class Question(Choosing, frozen=True, kw_only=True):
    """A trivia question; `why` says more about the right answer."""

    why: Words


class Row(Strict, frozen=True):
    """The beginning of a row of numbers, and which one comes next."""

    row: str
    right: str
    wrong: tuple[str, ...]


class Statement(Strict, frozen=True):
    """Something that is true or is not."""

    say: Words
    true: bool


class Sentence(Strict, frozen=True):
    """The words of a sentence in their order, each once; every language has its own, of as many words."""

    words: Lines


class SpeedRound(Strict, frozen=True, tag_field="kind", tag="speed"):
    """Easy questions, each with little time."""

    title: Words
    questions: tuple[Choosing, ...]


class TrueOrFalse(Strict, frozen=True, tag_field="kind", tag="true_false"):
    """Statements to judge."""

    title: Words
    statements: tuple[Statement, ...]


class NumberRows(Strict, frozen=True, tag_field="kind", tag="numbers"):
    """Rows to continue."""

    title: Words
    rows: tuple[Row, ...]


class WordOrder(Strict, frozen=True, tag_field="kind", tag="word_order"):
    """Sentences to put in order, word by word."""

    title: Words
    sentences: tuple[Sentence, ...]


Challenge = SpeedRound | TrueOrFalse | NumberRows | WordOrder


# Flags by the page that sets them or tells of them; pages count from 1, as readers see them.
ByPage = dict[str, tuple[str, ...]]


class Flag(Strict, frozen=True):
    """Something that has happened in a reading. A text in which one of its words begins a word tells of it.

    `words` are in small letters; without them a text says in `tells` that it does.
    """

    words: Lines = Lines((), (), ())


class Hint(Strict, frozen=True):
    """A small button beside a decision; who presses it finds a secret."""

    button: str
    secret: str
    text: Words


class Choice(Strict, frozen=True, kw_only=True):
    """What can be chosen: `then` tells what came of it, before the chapter `to` which it leads, or the `ending`.

    With `needs` it is offered to those only for whom that flag is set, or who chose that before, in the same reading.
    `secret` is found by choosing it; `sets` are flags that it sets, `tells` flags without which it makes no sense.
    """

    say: Words
    then: Words
    to: str = ""
    ending: str = ""
    needs: str = ""
    secret: str = ""
    sets: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()


class Chapter(Strict, frozen=True, kw_only=True):
    """Pages, and a decision at their end; `sets` and `tells` name flags for each page."""

    title: Words
    pages: Lines
    ask: Words
    choices: dict[str, Choice]
    hint: Hint | None = None
    sets: ByPage = {}
    tells: ByPage = {}


class Ending(Strict, frozen=True):
    """How a story may end; `tells` names flags without which it makes no sense."""

    title: Words
    text: Words
    tells: tuple[str, ...] = ()


class Secret(Strict, frozen=True):
    """Something hidden, by its name."""

    title: Words


class Story(Strict, frozen=True, kw_only=True):
    """A story: it begins with the chapter `first`, and goes where the choices lead."""

    key: str
    first: str
    title: Words
    about: Words
    chapters: dict[str, Chapter]
    endings: dict[str, Ending]
    secrets: dict[str, Secret]
    flags: dict[str, Flag] = {}


class Library(msgspec.Struct, frozen=True):
    """All there is to do, by key and in the order of the keys."""

    questions: dict[str, Question]
    challenges: dict[str, Challenge]
    stories: dict[str, Story]
