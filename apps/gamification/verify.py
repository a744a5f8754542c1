"""The proof of accounts: walks their entries and says where the ledger does not hold. Reads only; trusts no column.

Whether entries are those that were sealed is for apps/gamification/proof/verifying.py, which calls this.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec
from django.db import connection, transaction

from apps.gamification.decide.chain import entry_hash, genesis, reason_hash
from apps.gamification.decide.entries import Standing, lifetime_gain
from apps.gamification.decide.state import State

CHUNK = 2000
MOST_FAULTS = 1000
AUDIT_NUMBERS = ("checkpoints", "sealed", "unsealed", "lost")

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the ledger does not hold: account, entry (None: the account itself), which check failed, what was found.

    What concerns a checkpoint has its number, and no account unless it can be told whose entry it is. `of` is the book:
    of the audit record, `entry` is a record's id.
    """

    account: int | None
    entry: int | None
    check: str
    found: str
    checkpoint: int | None = None
    of: str = "ledger"

    @property
    def where(self) -> str:
        """Return in words what is concerned."""
        if self.of == "audit":
            numbers = {"audit checkpoint": self.checkpoint, "audit record": self.entry}
            told = ", ".join(f"{name} {number}" for name, number in numbers.items() if number is not None)
            return told or "the audit record"
        parts = [
            None if self.checkpoint is None else f"checkpoint {self.checkpoint}",
            None if self.account is None else f"person {self.account}",
            f"entry {self.entry}" if self.entry else None if self.account is None else "the account",
        ]
        return ", ".join(filter(None, parts)) or "the ledger"


@dataclass
class Report:
    """What was looked at, and what was wrong. Beyond 1,000 faults they are only counted.

    `sealed` entries are below the newest checkpoint, `unsealed` ones above it; `lost` were sealed, and are gone with a
    restore that a checkpoint declares. `audit` says the same of the audit record, None if it was not looked at; its faults
    are among these.
    """

    accounts: int = 0
    entries: int = 0
    checkpoints: int = 0
    sealed: int = 0
    unsealed: int = 0
    lost: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)
    of: str = "ledger"
    audit: "Report | None" = None

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not self.faulty

    def add(self, fault: Fault) -> None:
        """Count a fault."""
        self.faulty += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault if fault.of != "ledger" else replace(fault, of=self.of))

    def add_all(self, other: "Report") -> None:
        """Count another report's faults."""
        for fault in other.faults:
            self.add(fault)
        self.faulty += other.faulty - len(other.faults)


class Row(NamedTuple):
    """An account's head beside one of its entries; the entry's columns are None for an account without any."""

    person_id: int | None
    head_balance: int | None
    head_lifetime: int | None
    head_sequence: int | None
    head_hash: bytes | None
    id: int | None
    account_id: int
    sequence: int
    amount: int
    balance_after: int
    lifetime_after: int
    kind: str
    rule: str
    rule_version: int
    base: int
    multipliers: str
    note: str
    event_id: Any
    idempotency_key: str
    reverses: int | None
    actor: str | None
    reason_hash: bytes | None
    occurred_at: int
    previous_hash: bytes
    hash: bytes
    salt: bytes | None
    text: str | None
    reversed_amount: int | None

    @property
    def account(self) -> int:
        """Whose row it is, also if the account or its entries are missing."""
        return self.account_id if self.person_id is None else self.person_id


# One statement, hence one snapshot: awards that are written meanwhile do not disturb the proof.
ROWS = """
SELECT a.person_id, a.balance, a.lifetime, a.sequence, a.hash, e.id, e.account_id, e.sequence, e.amount, e.balance_after,
    e.lifetime_after, e.kind, e.rule, e.rule_version, e.base, e.multipliers, e.note, e.event_id, e.idempotency_key,
    e.reverses, e.actor, e.reason_hash, (extract(epoch FROM e.occurred_at) * 1000000)::bigint, e.previous_hash, e.hash,
    r.salt, r.text, o.amount
FROM gamification_account a
FULL JOIN gamification_entry e ON e.account_id = a.person_id
LEFT JOIN gamification_reason r ON r.entry_id = e.id
LEFT JOIN gamification_entry o ON o.id = e.reverses AND o.account_id = e.account_id
WHERE %(everyone)s OR coalesce(a.person_id, e.account_id) = ANY(%(persons)s)
ORDER BY coalesce(a.person_id, e.account_id), e.sequence
"""


EVERYONE: dict[str, Any] = {"everyone": True, "persons": []}


def verify(
    *,
    person_ids: Iterable[int] | None = None,
    progress: Progress | None = None,
    rows: Iterable[tuple[Any, ...]] | None = None,
) -> Report:
    """Check every entry of these persons (None: of everyone) and every account against its last entry.

    For each account: sequence without gaps, arithmetic of balance and lifetime, the chain, each hash, reversals,
    reasons against their hashes, and the account's row. `progress` is told the number of entries now and then. `rows`,
    as ROWS returns them, are checked instead of the database's: of an export, or as another connection sees it.
    """
    report = Report()
    standing: Standing | None = None
    last: Row | None = None
    for row in map(Row._make, _rows(person_ids) if rows is None else rows):
        if last is None or row.account != last.account:
            _check_head(report, last, standing)
            standing = Standing(row.account, 0, 0, 0, genesis(row.account), State())
            report.accounts += 1
        last = row
        if row.id is None:
            continue
        assert standing is not None
        _check_entry(report, row, standing)
        report.entries += 1
        if progress and report.entries % CHUNK == 0:
            progress(report.entries)
    _check_head(report, last, standing)
    return report


def _rows(person_ids: Iterable[int] | None) -> Iterator[tuple[Any, ...]]:
    """Stream the ledger in order of account and sequence."""
    parameters: dict[str, Any] = EVERYONE if person_ids is None else {"everyone": False, "persons": list(person_ids)}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(ROWS, parameters)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _check_entry(report: Report, row: Row, standing: Standing) -> None:
    """Compare the entry with what the ones before it lead to, then go on from what it says, so that one fault is one."""
    standing.sequence += 1
    standing.balance += row.amount
    standing.lifetime += lifetime_gain(row.kind, row.amount, row.base)
    expected = (
        ("sequence", row.sequence, standing.sequence),
        ("chain", _hex(row.previous_hash), standing.hash.hex()),
        ("balance", row.balance_after, standing.balance),
        ("lifetime", row.lifetime_after, standing.lifetime),
        ("hash", _hex(row.hash), _recomputed(row).hex()),
        ("reason", _hex(row.reason_hash), _reason(row)),
        ("reversal", row.base if row.reverses is not None else None, row.reversed_amount),
    )
    for check, found, wanted in expected:
        if found != wanted:
            report.add(Fault(row.account, row.id, check, f"{found}, not {wanted}"))
    standing.sequence, standing.hash = row.sequence, bytes(row.hash)
    standing.balance, standing.lifetime = row.balance_after, row.lifetime_after


def _recomputed(row: Row) -> bytes:
    """Return the hash that the columns give."""
    digest = bytes(row.reason_hash) if row.reason_hash is not None else None
    return entry_hash(*row[6:21], digest, row.occurred_at, bytes(row.previous_hash))


def _reason(row: Row) -> str | None:
    """Return the hash that the entry must carry: of its words if they are there, else whatever it carries."""
    if row.text is None or row.salt is None:
        return _hex(row.reason_hash)
    return reason_hash(bytes(row.salt), row.text).hex()


def _check_head(report: Report, last: Row | None, standing: Standing | None) -> None:
    """Compare the account's row with its last entry; without entries everything is zero."""
    if last is None or standing is None:
        return
    if last.person_id is None:
        report.add(Fault(last.account, None, "account", "entries without an account"))
        return
    found = (last.head_sequence, last.head_balance, last.head_lifetime, _hex(last.head_hash))
    wanted = (standing.sequence, standing.balance, standing.lifetime, standing.hash.hex())
    if found != wanted:
        report.add(Fault(last.account, None, "account", f"{found}, not {wanted}"))


def _hex(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).hex()


def as_json(report: Report) -> str:
    """Return the report as one JSON document."""
    return msgspec.json.encode(
        {
            "ok": report.ok,
            "accounts": report.accounts,
            "entries": report.entries,
            "checkpoints": report.checkpoints,
            "sealed": report.sealed,
            "unsealed": report.unsealed,
            "lost": report.lost,
            "faulty": report.faulty,
            "faults": report.faults,
            "audit": report.audit and {name: getattr(report.audit, name) for name in AUDIT_NUMBERS},
        }
    ).decode()
