"""The export for the stand-alone verifier: JSON lines with account ids and numbers; docs/ledger-proof.md has the format.

Pseudonymous: no names of people, no reasons (only their salted hashes). Actors are there, because entries' hashes cover
them: the logins of staff. Of audit records there are ids and hashes alone.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from apps.gamification.proof import rows
from apps.gamification.proof.books import AUDIT, BOOKS
from apps.gamification.proof.checkpoints import as_line
from apps.gamification.proof.verifying import snapshot
from apps.gamification.verify import CHUNK, Progress

FORMAT = "diana-ledger-export"
VERSION = 1
NAMES = (
    "id", "account", "sequence", "amount", "balance_after", "lifetime_after", "kind", "rule", "rule_version", "base",
    "multipliers", "note", "event_id", "idempotency_key", "reverses", "actor", "reason_hash", "occurred_at",
    "previous_hash", "hash",
)  # fmt: skip

_ENTRIES = """
SELECT id, account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version, base, multipliers, note,
    replace(event_id::text, '-', ''), idempotency_key, reverses, actor, encode(reason_hash, 'hex'),
    (extract(epoch FROM occurred_at) * 1000000)::bigint, encode(previous_hash, 'hex'), encode(hash, 'hex')
FROM gamification_entry ORDER BY id
"""
_RECORDS = f"SELECT id, encode(hash, 'hex') FROM ({AUDIT.rows}) r ORDER BY id"
_ACCOUNTS = """
SELECT person_id, sequence, balance, lifetime, encode(hash, 'hex') FROM gamification_account ORDER BY person_id
"""


def export(path: Path, *, now: datetime, progress: Progress | None = None) -> int:
    """Write the whole ledger as of one moment to the file, which appears when it is complete; return the entries."""
    unfinished = path.with_name(path.name + ".unfinished")
    entries = accounts = 0
    with snapshot(), unfinished.open("wb") as file:

        def write(what: str, value: Any) -> None:
            file.write(msgspec.json.encode({what: value}) + b"\n")

        write("export", {"format": FORMAT, "version": VERSION, "exported_at": now.isoformat()})
        for book in BOOKS:
            name = "audit_checkpoint" if book is AUDIT else "checkpoint"
            for checkpoint in rows.after(0, book):
                index = rows.index_of(checkpoint.number, book).hex()
                write(name, msgspec.json.decode(as_line(checkpoint)) | {"index": index})
        for entry in _stream(_ENTRIES):
            write("entry", dict(zip(NAMES, entry, strict=True)))
            entries += 1
            if progress and entries % CHUNK == 0:
                progress(entries)
        for account in _stream(_ACCOUNTS):
            write("account", dict(zip(("account", "sequence", "balance", "lifetime", "hash"), account, strict=True)))
            accounts += 1
        # Older verifiers take no line for an error that they do not know, but more in this last one.
        records = 0
        for number, digest in _stream(_RECORDS):
            write("record", {"id": number, "hash": digest})
            records += 1
        write("audit_end", {"records": records})
        write("end", {"entries": entries, "accounts": accounts})
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return entries


def _stream(query: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while found := cursor.fetchmany(CHUNK):
            yield from found
