"""A person who did a little of everything, and what the database holds when all of it went right."""

from collections import Counter

from torture.model import Kind, Operation, Outcome
from torture.observing import Seen, SeenEntry

PERSON, GROUP = 7_000_001, -100_900
NOON = 1_800_000_000


def did(kind: Kind, origin: str, **fields: object) -> Operation:
    chat = GROUP if kind is Kind.MESSAGE else PERSON
    given = {"person": PERSON, "outcome": Outcome.OK, "said_at": NOON, "chat": chat} | fields
    return Operation(kind=kind, origin=origin, **given)  # type: ignore[arg-type]


def operations() -> list[Operation]:
    return [
        did(Kind.MESSAGE, "11"),
        did(Kind.MESSAGE, "9"),
        did(Kind.DAILY, "12"),
        did(Kind.MESSAGE, "13"),
        did(Kind.DAILY, "14"),
        did(Kind.SCREEN, "15"),
        did(Kind.EDIT, "16"),
        did(Kind.AWARD, "gift", amount=40),
        did(Kind.REVERSAL, "back", amount=40, reverses="gift"),
    ]


def entry(sequence: int, rule: str, amount: int, balance: int, origin: str, kind: str = "award") -> SeenEntry:
    position = None if not rule else 100 + sequence
    return SeenEntry(PERSON, sequence, rule, amount, balance, kind, origin, position, float(NOON))


def entries() -> list[SeenEntry]:
    return [
        entry(1, "login", 10, 10, "11"),
        entry(2, "message_sent", 5, 15, "11"),
        entry(3, "message_sent", 5, 20, "9"),
        entry(4, "daily_login", 50, 70, "12"),
        entry(5, "", 40, 110, "gift", "staff_award"),
        entry(6, "message_sent", 5, 115, "13"),
        entry(7, "daily_login", 0, 115, "14", "suppressed"),
        entry(8, "", -40, 75, "back", "reversal"),
    ]


def seen(of: list[SeenEntry] | None = None, *, balance: int = 75) -> Seen:
    return Seen(
        entries=entries() if of is None else of,
        balances={PERSON: balance},
        handled={"11", "9", "12", "13", "14", "15", "16"},
        answers=Counter({PERSON: 3}),
    )
