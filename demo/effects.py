"""What the conversation must lead to, what it led to, and the difference, which PostgreSQL counts.

An effect is an event, an entry of the ledger, an answer in a chat or a refused request. Both sides are multisets: what
is missing from the second is lost, what it holds too often, or should not hold at all, is doubled.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple, Self

import msgspec
from django.db import connection

from demo.conversation import HERE

What = Literal["event", "entry", "answer", "refusal"]
# Effects that belong to no person.
NOBODY = ""
WEEKEND = (5, 6)


class Effect(msgspec.Struct, frozen=True):
    """So many like effects. `name`: the type of events, the rule of entries, the reason of refusals."""

    person: str
    what: What
    name: str
    amount: int | None
    count: int


class Entries(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of one rule and amount; a suppressed award is an entry of 0."""

    rule: str
    amount: int
    count: int


class ExpectedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person must have brought about; `answers` are the messages that they get from the bot."""

    telegram_id: int
    events: dict[str, int]
    entries: list[Entries]
    answers: int


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole expectation, people by a name that only the demo uses.

    `weekend`: events that each of them brings about in addition on a Saturday or Sunday.
    """

    people: dict[str, ExpectedPerson]
    refusals: dict[str, int]
    weekend: dict[str, int] = {}

    def on(self, day: date) -> Self:
        """Return what is expected of a conversation on this day."""
        if day.weekday() not in WEEKEND:
            return self
        people = {
            name: msgspec.structs.replace(person, events=person.events | self.weekend)
            for name, person in self.people.items()
        }
        return msgspec.structs.replace(self, people=people)

    def effects(self) -> list[Effect]:
        """Return it as one multiset."""
        found = [Effect(NOBODY, "refusal", reason, None, count) for reason, count in self.refusals.items()]
        for name, person in self.people.items():
            found += [Effect(name, "event", event_type, None, count) for event_type, count in person.events.items()]
            found += [Effect(name, "entry", e.rule, e.amount, e.count) for e in person.entries]
            found.append(Effect(name, "answer", "", None, person.answers))
        return found

    def names(self) -> dict[int, str]:
        """Return the people's names by their ids at Telegram."""
        return {person.telegram_id: name for name, person in self.people.items()}


class Difference(NamedTuple):
    """An effect that there is less or more often than expected."""

    person: str
    what: What
    name: str
    amount: int | None
    expected: int
    found: int

    def __str__(self) -> str:
        what = " ".join(filter(None, [self.person, self.what, self.name]))
        amount = "" if self.amount is None else f" of {self.amount}"
        return f"{what}{amount}: {self.found} instead of {self.expected}"


def read_expected(path: Path = HERE / "expected.json") -> Expected:
    """Return the expectation."""
    return msgspec.json.decode(path.read_bytes(), type=Expected)


def answers(people: Iterable[str]) -> list[Effect]:
    """Return the answers as effects, of those who got each."""
    return [Effect(name, "answer", "", None, count) for name, count in Counter(people).items()]


# Events without a person are the system's own. Whoever is not expected is named by our id, and all of it is too much. Coming by
# pays with the act that comes first: how many answers tell something of it differs from run to run.
_COMPARE = """
WITH person AS (
    SELECT p.id, coalesce(n.name, 'person ' || p.id) AS name FROM users_person p
    LEFT JOIN json_to_recordset(%(names)s) AS n (telegram_id bigint, name text) USING (telegram_id)
), expected AS (
    SELECT * FROM json_to_recordset(%(expected)s) AS e (person text, what text, name text, amount bigint, count bigint)
), found AS (
    SELECT person.name AS person, 'event' AS what, type AS name, NULL::bigint AS amount, count(*)
        FROM event_log JOIN person ON person.id = user_id WHERE type <> 'bot.screen_shown' GROUP BY person.name, type
    UNION ALL
    SELECT person.name, 'entry', rule, amount, count(*)
        FROM gamification_entry JOIN person ON person.id = account_id GROUP BY person.name, rule, amount
    UNION ALL
    SELECT '', 'refusal', reason, NULL, sum(count)::bigint FROM bot_refusal GROUP BY reason
    UNION ALL
    SELECT person, what, name, amount, count FROM json_to_recordset(%(outside)s)
        AS o (person text, what text, name text, amount bigint, count bigint)
)
SELECT coalesce(e.person, f.person), coalesce(e.what, f.what), coalesce(e.name, f.name), coalesce(e.amount, f.amount),
    coalesce(e.count, 0), coalesce(f.count, 0)
FROM expected e FULL JOIN found f
    ON (e.person, e.what, e.name, coalesce(e.amount, 0)) = (f.person, f.what, f.name, coalesce(f.amount, 0))
WHERE coalesce(e.count, 0) <> coalesce(f.count, 0)
ORDER BY 1, 2, 3, 4
"""


def differences(expected: Expected, outside: Sequence[Effect]) -> list[Difference]:
    """Return where database and expectation differ; `outside` is what was found elsewhere: the answers."""
    names = [{"telegram_id": telegram_id, "name": name} for telegram_id, name in expected.names().items()]
    parameters = {"names": names, "expected": expected.effects(), "outside": outside}
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, {key: msgspec.json.encode(value).decode() for key, value in parameters.items()})
        return [Difference(*row) for row in cursor.fetchall()]


def lost(found: Iterable[Difference]) -> int:
    """Return how many effects are missing."""
    return sum(max(difference.expected - difference.found, 0) for difference in found)


def doubled(found: Iterable[Difference]) -> int:
    """Return how many effects there are too many."""
    return sum(max(difference.found - difference.expected, 0) for difference in found)
