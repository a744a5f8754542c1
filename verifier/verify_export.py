#!/usr/bin/env python3
"""Verifies an export of Diana's ledger with nothing but the checkpoint file and the public key.

    python verify_export.py EXPORT CHECKPOINTS --key ID:BASE64 [--audit AUDIT_CHECKPOINTS]

Needs Python 3.9 or newer and the library `cryptography`, nothing of Diana: whoever does not trust the people who run it
can read these few hundred lines and check the ledger alone. What is checked, and both formats, are described in
docs/ledger-proof.md. Ends with status 0 if everything holds, 1 and a list if not, 2 if it could not check.
"""

import argparse
import base64
import binascii
import collections
import json
import struct
import sys
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST_SHOWN = 200
INDEX_ENTRY = struct.Struct(">QQ4s")
ENTRY_FIELDS = (
    "account", "sequence", "amount", "balance_after", "lifetime_after", "kind", "rule", "rule_version", "base",
    "multipliers", "note", "event_id", "idempotency_key", "reverses", "actor", "reason_hash", "occurred_at",
    "previous_hash",
)  # fmt: skip
CHECKPOINT_FIELDS = (
    "number", "previous", "after_id", "last_id", "entries", "total", "accounts", "entries_root", "heads_root",
    "sealed_at", "resumes", "key_id",
)  # fmt: skip

# What is sealed: the ledger's entries, and the audit record. `where` stands before the names of what is wrong.
Book = collections.namedtuple("Book", "domain where one several file")
LEDGER = Book("diana|checkpoint", "", "entry", "entries", "checkpoint file")
AUDIT = Book("diana|audit-checkpoint", "audit ", "audit record", "records", "audit checkpoint file")
SEALED_FIELDS = ("id", "account", "sequence", "balance_after", "lifetime_after", "hash")


class Unusable(Exception):
    """What was given cannot be checked at all."""


class Faults:
    """What is wrong, in the order in which it was found."""

    def __init__(self):
        self.count = 0
        self.shown = []

    def add(self, where, what):
        """Note a fault; after the first 200 they are only counted."""
        self.count += 1
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(f"{where}: {what}")


# --- the formats: what is hashed and signed -----------------------------------------------------------------------------


def joined(version, values, fields):
    """Return the fields' values joined by `|`, empty where there is none, after what they begin with."""
    return "|".join([version, *("" if values[f] is None else str(values[f]) for f in fields)]).encode()


def entry_hash(entry):
    """Return the hash that an entry's fields give."""
    return sha256(joined("1", entry, ENTRY_FIELDS)).hexdigest()


def checkpoint_text(checkpoint, book):
    """Return what is signed of a checkpoint; its SHA-256 is the checkpoint's hash."""
    return joined(f"{book.domain}|1", checkpoint, CHECKPOINT_FIELDS)


def genesis(account):
    """Return what the first entry of an account names as its predecessor."""
    return sha256(f"diana|account|{account}".encode()).hexdigest()


def leaf(text):
    """Return a leaf of a Merkle tree (RFC 6962)."""
    return sha256(b"\x00" + text.encode()).digest()


def merkle_root(leaves):
    """Return the root of a Merkle tree (RFC 6962) over hashed leaves, as text."""
    level = list(leaves)
    if not level:
        return sha256(b"").hexdigest()
    while len(level) > 1:
        above = [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2])]
        level = above + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def lifetime_gain(entry):
    """Return how an entry changes the lifetime points."""
    if entry["kind"] in ("award", "staff_award"):
        return entry["amount"]
    return -max(entry["base"], 0) if entry["kind"] == "reversal" else 0


# --- the checkpoints ----------------------------------------------------------------------------------------------------


def read_checkpoints(path, keys, faults, up_to, book=LEDGER):
    """Return the checkpoints of the file, all that are genuine, by number."""
    found = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            where = f"{book.file}, line {number}"
            try:
                checkpoint = json.loads(line)
                text = checkpoint_text(checkpoint, book)
                signature = bytes.fromhex(checkpoint["signature"])
                if sha256(text).hexdigest() != checkpoint["hash"]:
                    raise ValueError("its hash is another")
                if checkpoint["number"] != number:
                    raise ValueError(f"it holds number {checkpoint['number']}")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                faults.add(where, f"is not what was written ({error})")
                continue
            if up_to is not None and number > up_to:
                break
            problem = signature_problem(keys, checkpoint["key_id"], signature, text)
            if problem:
                faults.add(where, problem)
            else:
                found[number] = checkpoint
    if not found:
        faults.add(book.file, "holds no genuine checkpoint: nothing is sealed")
    return found


def signature_problem(keys, key_id, signature, text):
    """Return what is wrong with a signature, or None."""
    if key_id not in keys:
        return f"is signed with the key {key_id!r}: give it with --key"
    try:
        keys[key_id].verify(signature, text)
    except InvalidSignature:
        return f"is forged: the key {key_id!r} has not signed it"
    return None


def check_chain(checkpoints, faults, book=LEDGER):
    """Check that each checkpoint continues the one before; return those that no later one declares lost."""
    live, last = [], None
    for number in sorted(checkpoints):
        checkpoint = checkpoints[number]
        if checkpoint["resumes"] is not None:
            lost = [c for c in live if c["number"] > checkpoint["resumes"]]
            live = [c for c in live if c["number"] <= checkpoint["resumes"]]
            entries = sum(c["entries"] for c in lost)
            print(
                f"note: {book.where}checkpoint {number} goes on after a restore;"
                f" {entries} sealed {book.several} were lost with it"
            )
        base = live[-1] if live else {"last_id": 0, "total": 0}
        expected = {
            "number": last["number"] + 1 if last else 1,
            "previous": last["hash"] if last else sha256(f"{book.domain}s".encode()).hexdigest(),
            "after_id": base["last_id"],
            "total": base["total"] + checkpoint["entries"],
        }
        for field, wanted in expected.items():
            if checkpoint[field] != wanted:
                faults.add(
                    f"{book.where}checkpoint {number}",
                    f"does not continue: {field} is {checkpoint[field]}, not {wanted}",
                )
        live.append(checkpoint)
        last = checkpoint
    return live


def compare_tables(exported, checkpoints, faults, up_to, book=LEDGER):
    """Compare the checkpoints that the database had with those of the file."""
    for number in sorted(exported.keys() | checkpoints.keys()):
        if up_to is not None and number > up_to:
            continue
        inside, outside, where = exported.get(number), checkpoints.get(number), f"{book.where}checkpoint {number}"
        if inside is None:
            what = "is not in the database: removed there, or the database is older than the checkpoint file"
            faults.add(where, what)
        elif outside is None:
            faults.add(where, f"is in the database, but no genuine one is in the {book.file}")
        elif {**inside, "index": None} != {**outside, "index": None}:
            faults.add(where, f"is another in the database than in the {book.file}")


class Ranges:
    """Takes the entries in the order of their ids and compares those of each checkpoint's range with its roots."""

    def __init__(self, checkpoints, indexes, faults, book=LEDGER):
        self.checkpoints, self.indexes, self.faults, self.book = list(checkpoints), indexes, faults, book
        self.found, self.sealed, self.unsealed = [], 0, 0

    def take(self, entry):
        """Take the next entry."""
        while self.checkpoints and entry["id"] > self.checkpoints[0]["last_id"]:
            self.close()
        if not self.checkpoints:
            self.unsealed += 1
        elif entry["id"] > self.checkpoints[0]["after_id"]:
            self.found.append(tuple(entry[field] for field in SEALED_FIELDS))
        else:
            where = self.named(entry["account"], entry["id"])
            self.faults.add(where, "is below the seals, and in none of them")

    def named(self, account, key):
        """Say which entry it is, and whose if it is somebody's."""
        return f"person {account}, entry {key}" if account else f"{self.book.one} {key}"

    def close(self):
        """Compare what came with the next checkpoint."""
        checkpoint, found, self.found = self.checkpoints.pop(0), self.found, []
        self.sealed += len(found)
        heads = {entry[1]: entry[1:] for entry in found if entry[1]}
        seen = {
            "entries": len(found),
            "accounts": len(heads),
            "entries_root": merkle_root([leaf(f"{entry[0]}|{entry[5]}") for entry in found]),
            "heads_root": merkle_root([leaf("|".join(map(str, heads[account]))) for account in sorted(heads)]),
        }
        if all(seen[field] == checkpoint[field] for field in seen):
            return
        where = f"{self.book.where}checkpoint {checkpoint['number']}"
        span = f"{self.book.several} {checkpoint['after_id'] + 1} to {checkpoint['last_id']}"
        if len(found) != checkpoint["entries"]:
            self.faults.add(where, f"{span}: {len(found)} are there, {checkpoint['entries']} were sealed")
        else:
            self.faults.add(where, f"{span}: they are not those that were sealed")
        self.name(where, bytes.fromhex(self.indexes.get(checkpoint["number"], "")), found)

    def name(self, where, index, found):
        """Say which entries differ, as far as the export's own index can tell."""
        usable = index[: len(index) - len(index) % INDEX_ENTRY.size]
        sealed = {key: (account, tag.hex()) for key, account, tag in INDEX_ENTRY.iter_unpack(usable)}
        for entry in found:
            known = sealed.pop(entry[0], None)
            if known is None:
                self.faults.add(where, f"{self.named(entry[1], entry[0])}: added since it was sealed")
            elif known != (entry[1], entry[5][:8]):
                self.faults.add(where, f"{self.named(known[0], entry[0])}: altered since it was sealed")
        for key, (account, _) in sorted(sealed.items()):
            self.faults.add(where, f"{self.named(account, key)}: missing since it was sealed")


# --- the entries --------------------------------------------------------------------------------------------------------


class Accounts:
    """Takes the entries in the order of their ids and follows the chain of every account."""

    def __init__(self, reversed_amounts, faults):
        self.heads, self.reversed_amounts, self.faults = {}, reversed_amounts, faults

    def take(self, entry):
        """Compare an entry with those before it; go on from what it says, so that one fault is one."""
        account, where = entry["account"], f"person {entry['account']}, entry {entry['id']}"
        sequence, balance, lifetime, previous = self.heads.get(account, (0, 0, 0, genesis(account)))
        expected = {
            "sequence": sequence + 1,
            "previous_hash": previous,
            "balance_after": balance + entry["amount"],
            "lifetime_after": lifetime + lifetime_gain(entry),
            "hash": entry_hash(entry),
        }
        for field, wanted in expected.items():
            if entry[field] != wanted:
                self.faults.add(where, f"{field} is {entry[field]}, not {wanted}")
        if entry["reverses"] is not None:
            original = self.reversed_amounts.get(entry["reverses"])
            if original != (account, entry["base"]):
                self.faults.add(
                    where, f"reverses entry {entry['reverses']}, which is none of this account with that amount"
                )
        self.heads[account] = (entry["sequence"], entry["balance_after"], entry["lifetime_after"], entry["hash"])

    def check_row(self, row):
        """Compare an account's row with its last entry."""
        wanted = self.heads.pop(row["account"], (0, 0, 0, genesis(row["account"])))
        found = (row["sequence"], row["balance"], row["lifetime"], row["hash"])
        if found != wanted:
            self.faults.add(f"person {row['account']}, the account", f"{found}, not {wanted}")

    def finish(self):
        """Report entries of accounts that have no row."""
        for account in sorted(self.heads):
            self.faults.add(f"person {account}", "has entries and no account")


def read_export(path):
    """Yield the lines of the export, as (kind, value)."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                ((kind, value),) = json.loads(line).items()
            except (ValueError, AttributeError) as error:
                raise Unusable(f"line {number} of the export is not one: was it cut off?") from error
            if number == 1 and (
                kind != "export" or value.get("format") != "diana-ledger-export" or value["version"] != 1
            ):
                raise Unusable("this is no export that this verifier knows")
            yield kind, value


def reversed_amounts(path):
    """Return account and amount of each entry that another one reverses: a pass of its own, to keep little in memory."""
    wanted = {v["reverses"] for kind, v in read_export(path) if kind == "entry" and v["reverses"] is not None}
    return {
        v["id"]: (v["account"], v["amount"]) for kind, v in read_export(path) if kind == "entry" and v["id"] in wanted
    }


def check_export(path, checkpoints, faults, up_to):
    """Check the whole export against the checkpoints; return how many entries and accounts it has, and are sealed."""
    exported, ranges, last_id, counts = {}, None, None, {"entry": 0, "account": 0}
    accounts, ended = Accounts(reversed_amounts(path), faults), False
    live = check_chain(checkpoints, faults)
    for kind, value in read_export(path):
        if kind == "checkpoint":
            exported[value["number"]] = value
        elif kind == "entry":
            ranges = ranges or Ranges(live, {n: c["index"] for n, c in exported.items()}, faults)
            counts["entry"] += 1
            if last_id is not None and value["id"] <= last_id:
                faults.add(f"entry {value['id']}", "is not in the order of the ids")
            last_id = value["id"]
            ranges.take(value)
            accounts.take(value)
        elif kind == "account":
            counts["account"] += 1
            accounts.check_row(value)
        elif kind == "end":
            ended = value == {"entries": counts["entry"], "accounts": counts["account"]}
    if not ended:
        faults.add("export", "is cut off, or does not have as many lines as it says")
    accounts.finish()
    ranges = ranges or Ranges(live, {}, faults)
    while ranges.checkpoints:
        ranges.close()
    compare_tables(exported, checkpoints, faults, up_to)
    return counts["entry"], counts["account"], ranges.sealed, ranges.unsealed


def check_audit(path, checkpoints, faults, up_to):
    """Check the audit records of the export, of which it has ids and hashes; return how many are sealed, and are not."""
    exported, ranges, count, ended = {}, None, 0, False
    live = check_chain(checkpoints, faults, AUDIT)
    for kind, value in read_export(path):
        if kind == "audit_checkpoint":
            exported[value["number"]] = value
        elif kind == "record":
            ranges = ranges or Ranges(live, {n: c["index"] for n, c in exported.items()}, faults, AUDIT)
            ranges.take({**dict.fromkeys(SEALED_FIELDS, 0), "id": value["id"], "hash": value["hash"]})
            count += 1
        elif kind == "audit_end":
            ended = value == {"records": count}
    if not ended:
        faults.add("export", "does not have as many audit records as it says")
    ranges = ranges or Ranges(live, {}, faults, AUDIT)
    while ranges.checkpoints:
        ranges.close()
    compare_tables(exported, checkpoints, faults, up_to, AUDIT)
    return ranges.sealed, ranges.unsealed


# --- the command --------------------------------------------------------------------------------------------------------


def public_keys(texts):
    """Return the keys of texts like `id:base64`."""
    keys = {}
    for text in texts:
        key_id, _, encoded = text.strip().partition(":")
        try:
            keys[key_id] = Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError) as error:
            raise Unusable(
                f"{text!r} is no public key: `manage.py seal_ledger --public-key` prints id:base64"
            ) from error
    return keys


def main(arguments=None):
    """Check what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Verify an export of Diana's ledger with the public key alone.")
    parser.add_argument("export", help="made by `manage.py export_ledger`")
    parser.add_argument("checkpoints", help="a copy of the checkpoint file, best from where its owner cannot write")
    parser.add_argument(
        "--key", action="append", required=True, metavar="ID:BASE64", help="a public key; may be repeated"
    )
    parser.add_argument("--up-to", type=int, metavar="NUMBER", help="leave newer checkpoints out: the export is older")
    parser.add_argument("--audit", metavar="FILE", help="a copy of the file of the audit record's checkpoints")
    parser.add_argument("--audit-up-to", type=int, metavar="NUMBER", help="leave newer ones of these out")
    given = parser.parse_args(arguments)
    faults, audited = Faults(), ""
    try:
        keys = public_keys(given.key)
        checkpoints = read_checkpoints(given.checkpoints, keys, faults, given.up_to)
        entries, accounts, sealed, unsealed = check_export(given.export, checkpoints, faults, given.up_to)
        if given.audit:
            seals = read_checkpoints(given.audit, keys, faults, given.audit_up_to, AUDIT)
            records = check_audit(given.export, seals, faults, given.audit_up_to)
            audited = f"{records[0]} audit records under {len(seals)} checkpoints, {records[1]} not sealed."
    except (Unusable, OSError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2
    except (KeyError, TypeError, ValueError) as error:
        print(f"cannot verify: the export does not have its form ({type(error).__name__}: {error})", file=sys.stderr)
        return 2
    for line in faults.shown:
        print(line)
    verdict = "The ledger holds" if not faults.count else f"{faults.count} faults"
    print(
        f"{verdict}: {accounts} accounts, {entries} entries; {len(checkpoints)} checkpoints over {sealed}, {unsealed} not sealed."
    )
    if audited:
        print(audited)
    return 1 if faults.count else 0


if __name__ == "__main__":
    sys.exit(main())
