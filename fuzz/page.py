"""docs/updates.md: the table of expectations, for people."""

from collections import Counter
from collections.abc import Iterator

from fuzz.expectations import TABLE, Expected
from fuzz.lines import NEVER_SENT, lines

HEAD = """# What comes of each kind of update

Written from `fuzz/expectations.py` by `python -m fuzz --page > docs/updates.md`; change the table, not this page.
[Decision 53](decisions/0053-what-comes-of-each-kind-of-update.md) says why, and how to read it.

A kind is an update's part, its content, its place (for a topic, the topic) and, where no person wrote it, its author. *Person*:
the one who becomes a person by it. *Answer*: calls of the Bot API, to the chat and topic it was asked in, in groups as a reply.
*Act*: the event that tells of it. *Paid*: the rules that award. *Comes by*: it is the person's act of that day. An empty field
says that there must be none of it.

| kind | lines | way in | person | answer | act | paid | comes by |
|---|---|---|---|---|---|---|---|
"""
TAIL = """
A reaction to a message that the bot has seen, which somebody else wrote, is an act, and paid.

Telegram never sends these lines of the corpus; they may be refused with 400, or set aside, and nothing may come of them:

"""


def markdown() -> str:
    """Return the page."""
    counted = Counter(line.kind for line in lines())
    rows = "".join(_row(kind, counted[kind], expected) for kind, expected in sorted(TABLE.items()))
    return HEAD + rows + TAIL + "".join(f"- `{name}`: {reason}\n" for name, reason in NEVER_SENT.items())


def _row(kind: str, count: int, expected: Expected) -> str:
    return f"| {' | '.join([kind, str(count), *_fields(expected)])} |\n"


def _fields(expected: Expected) -> Iterator[str]:
    yield expected.way.value + (" and booked" if expected.booked else "")
    yield _said(expected.person.value, "nobody")
    yield _said(expected.answer.value, "none")
    yield ", ".join(f"`{act}`" for act in sorted(expected.acts))
    yield ", ".join(f"`{rule}`" for rule in sorted(expected.paid))
    yield "yes" if expected.comes else ""


def _said(value: str, nothing: str) -> str:
    return "" if value == nothing else value
