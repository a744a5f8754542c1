"""What a superuser can do to the ledger with all triggers off, from clumsy to careful."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.gamification.proof.checkpoints import BEGINNING, Checkpoint, Sealed, as_line, from_line, roots

HASH = """gamification_entry_hash(account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version,
    base, multipliers, note, event_id, idempotency_key, reverses, actor, reason_hash, occurred_at, previous_hash)"""
STRANGER = Ed25519PrivateKey.from_private_bytes(b"a key that is not the ledger's..")


class Place(NamedTuple):
    """Where the tampering happens: a superuser's connection, the checkpoint file, two of the accounts."""

    database: psycopg.Connection
    file: Path
    one: int
    other: int

    def run(self, statement: str, **values: object) -> None:
        """Run the statement; `one` and `other` are at hand as parameters."""
        self.database.execute(statement, {"one": self.one, "other": self.other} | values)


def rewrite_chain(place: Place, account: int) -> None:
    """Number the account's entries anew, recompute balances and hashes, and make the head fit: a chain without a fault."""
    entries = place.database.execute(
        "SELECT id, gamification_gain(kind, amount, base), amount FROM gamification_entry WHERE account_id = %s"
        " ORDER BY sequence",
        [account],
    ).fetchall()
    place.run(
        "UPDATE gamification_entry SET sequence = sequence + 100000 WHERE account_id = %(account)s", account=account
    )
    previous, balance, lifetime = sha256(f"diana|account|{account}".encode()).digest(), 0, 0
    for sequence, (entry, gain, amount) in enumerate(entries, 1):
        balance, lifetime = balance + amount, lifetime + gain
        place.database.execute(
            "UPDATE gamification_entry SET sequence = %s, balance_after = %s, lifetime_after = %s, previous_hash = %s"
            " WHERE id = %s",
            [sequence, balance, lifetime, previous, entry],
        )
        [(previous,)] = place.database.execute(
            f"UPDATE gamification_entry SET hash = {HASH} WHERE id = %s RETURNING hash", [entry]
        ).fetchall()
    place.database.execute(
        "UPDATE gamification_account SET sequence = %s, balance = %s, lifetime = %s, hash = %s WHERE person_id = %s",
        [len(entries), balance, lifetime, previous, account],
    )


def edit_an_amount(place: Place) -> None:
    place.run("UPDATE gamification_entry SET amount = amount + 1000 WHERE account_id = %(one)s AND sequence = 2")


def edit_and_recompute_the_hash(place: Place) -> None:
    edit_an_amount(place)
    place.run(f"UPDATE gamification_entry SET hash = {HASH} WHERE account_id = %(one)s AND sequence = 2")


def recompute_a_whole_account(place: Place) -> None:
    edit_an_amount(place)
    rewrite_chain(place, place.one)


def delete_in_the_middle(place: Place) -> None:
    place.run("DELETE FROM gamification_entry WHERE account_id = %(one)s AND sequence = 4")


def delete_in_the_middle_and_recompute(place: Place) -> None:
    delete_in_the_middle(place)
    rewrite_chain(place, place.one)


def delete_the_tail_and_fix_the_head(place: Place) -> None:
    place.run("DELETE FROM gamification_reason WHERE entry_id IN (SELECT max(id) FROM gamification_entry"
              " WHERE account_id = %(one)s)")  # fmt: skip
    place.run("DELETE FROM gamification_entry WHERE id = (SELECT max(id) FROM gamification_entry"
              " WHERE account_id = %(one)s)")  # fmt: skip
    rewrite_chain(place, place.one)


COPY = """
INSERT INTO gamification_entry (id, account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version,
    base, multipliers, note, event_id, idempotency_key, reverses, actor, reason_hash, occurred_at, previous_hash, hash)
OVERRIDING SYSTEM VALUE
SELECT {id}, account_id, {sequence}, amount, balance_after, lifetime_after, kind, rule, rule_version, base, multipliers,
    note, event_id, idempotency_key || '-again', reverses, actor, reason_hash, occurred_at, previous_hash, hash
FROM gamification_entry WHERE account_id = %(one)s AND sequence = 1
"""


def insert(place: Place) -> None:
    place.run("UPDATE gamification_entry SET sequence = sequence + 1000 WHERE account_id = %(one)s AND sequence > 1")
    place.run(COPY.format(id="(SELECT max(id) + 1 FROM gamification_entry)", sequence=2))
    rewrite_chain(place, place.one)


def insert_at_the_end_under_an_id_below_the_seals(place: Place) -> None:
    place.run(COPY.format(id=-7, sequence=999))
    # its id is the lowest, its number the last
    rewrite_chain(place, place.one)


def insert_at_the_end_under_an_id_that_was_rolled_back(place: Place) -> None:
    unused = (
        "(SELECT max(u) FROM generate_series(1, (SELECT max(last_id) FROM gamification_checkpoint)) u"
        " WHERE NOT EXISTS (SELECT FROM gamification_entry WHERE id = u))"
    )
    place.run(COPY.format(id=unused, sequence=999))
    rewrite_chain(place, place.one)


def swap_two_entries(place: Place) -> None:
    place.run("UPDATE gamification_entry SET sequence = 1000 WHERE account_id = %(one)s AND sequence = 1")
    place.run("UPDATE gamification_entry SET sequence = 1 WHERE account_id = %(one)s AND sequence = 2")
    place.run("UPDATE gamification_entry SET sequence = 2 WHERE account_id = %(one)s AND sequence = 1000")
    rewrite_chain(place, place.one)


def swap_the_ids_of_two_entries(place: Place) -> None:
    [(one,), (two,)] = place.database.execute(
        "SELECT id FROM gamification_entry WHERE account_id = %s AND sequence IN (1, 2) ORDER BY id", [place.one]
    ).fetchall()
    for before, after in ((one, -1), (two, one), (-1, two)):
        place.run("UPDATE gamification_entry SET id = %(after)s WHERE id = %(before)s", before=before, after=after)


def move_between_accounts(place: Place) -> None:
    place.run(
        "UPDATE gamification_entry SET account_id = %(other)s, sequence = 999"
        " WHERE id = (SELECT max(id) FROM gamification_entry WHERE account_id = %(one)s AND kind = 'award')"
    )
    rewrite_chain(place, place.one)
    rewrite_chain(place, place.other)


def edit_a_balance_only(place: Place) -> None:
    place.run("UPDATE gamification_account SET balance = balance + 1000 WHERE person_id = %(one)s")


def drop_the_newest_checkpoint(place: Place) -> None:
    place.run("DELETE FROM gamification_checkpoint WHERE number = 3")


def drop_the_newest_checkpoint_and_what_it_sealed(place: Place) -> None:
    [(after,)] = place.database.execute("SELECT after_id FROM gamification_checkpoint WHERE number = 3").fetchall()
    drop_the_newest_checkpoint(place)
    place.run("DELETE FROM gamification_entry WHERE id > %(after)s", after=after)
    for account in (place.one, place.other):
        rewrite_chain(place, account)


def forged(place: Place) -> list[Checkpoint]:
    """Return checkpoints over the ledger as it is now, chained and signed by somebody who does not have the key."""
    made: list[Checkpoint] = []
    for line in place.file.read_bytes().splitlines():
        old = from_line(line)
        rows = place.database.execute(
            "SELECT id, account_id, sequence, balance_after, lifetime_after, hash FROM gamification_entry"
            " WHERE id > %s AND id <= %s ORDER BY id",
            [old.after_id, old.last_id],
        ).fetchall()
        found = roots([Sealed(*row) for row in rows])._asdict()
        total = (made[-1].total if made else 0) + found["entries"]
        new = msgspec.structs.replace(old, previous=made[-1].hash if made else BEGINNING, total=total, **found)
        made.append(msgspec.structs.replace(new, signature=STRANGER.sign(new.text)))
    return made


def put_into_the_table(place: Place, checkpoints: list[Checkpoint]) -> None:
    for c in checkpoints:
        place.database.execute(
            "UPDATE gamification_checkpoint SET previous = %s, entries = %s, total = %s, accounts = %s, entries_root = %s,"
            " heads_root = %s, hash = %s, signature = %s WHERE number = %s",
            [c.previous, c.entries, c.total, c.accounts, c.entries_root, c.heads_root, c.hash, c.signature, c.number],
        )


def forge_a_checkpoint(place: Place) -> None:
    recompute_a_whole_account(place)
    put_into_the_table(place, forged(place))


def forge_the_table_and_rewrite_the_file(place: Place) -> None:
    recompute_a_whole_account(place)
    made = forged(place)
    put_into_the_table(place, made)
    place.file.write_bytes(b"".join(map(as_line, made)))


def alter_a_line_of_the_file(place: Place) -> None:
    lines = place.file.read_bytes().splitlines(keepends=True)
    values = json.loads(lines[1])
    lines[1] = json.dumps(values | {"entries": values["entries"] - 1}).encode() + b"\n"
    place.file.write_bytes(b"".join(lines))


def cut_the_file(place: Place) -> None:
    place.file.write_bytes(b"".join(place.file.read_bytes().splitlines(keepends=True)[:2]))


Act = Callable[[Place], None]
