"""manage.py seal_ledger: seals what is new now, and what is needed around it: public keys, a lost file, a restore."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification.proof import fence, keys, outside, rows, sealing
from apps.gamification.proof.books import AUDIT, BOOKS, LEDGER
from apps.gamification.proof.checkpoints import AuditCheckpoint, Checkpoint, as_line
from diana import clock


class Command(BaseCommand):
    """Safe to repeat: without new entries and audit records nothing happens."""

    help = "Seal new entries and audit records in signed checkpoints, in the database and in LEDGER_CHECKPOINTS."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what else to do."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--public-key", action="store_true", help="print the public keys, as id:base64, and seal nothing"
        )
        what.add_argument(
            "--new-file", action="store_true", help="begin a checkpoint file where there is none any more"
        )
        what.add_argument(
            "--after-restore",
            action="store_true",
            help="the database was restored and is older than the file: go on, and say so in the checkpoint",
        )
        what.add_argument("--dry-run", action="store_true", help="say what would be sealed")
        parser.add_argument("--wait", type=float, default=30.0, metavar="SECONDS", help="for open transactions (30)")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Run; what prevents sealing ends the command with its cure."""
        if options["public_key"]:
            public = keys.as_text(keys.public_keys())
            self.stdout.write(json.dumps(public) if options["as_json"] else "\n".join(public))
            return
        try:
            sealed = self._seal(options)
        except (fence.StillOpen, outside.OutsideError, keys.NoSigningKey, sealing.NothingToResume) as error:
            raise CommandError(" ".join(str(error).split())) from error
        except OSError as error:
            raise CommandError(f"The checkpoint file cannot be written: {error}; see LEDGER_CHECKPOINTS") from error
        if options["dry_run"]:
            return
        if options["as_json"]:
            self.stdout.write(json.dumps([_as_json(checkpoint) for checkpoint in sealed]))
            return
        for checkpoint in sealed:
            self.stdout.write(_in_words(checkpoint))
        if not sealed:
            self.stdout.write("Nothing to seal: no entry and no audit record is new.")

    def _seal(self, options: dict[str, Any]) -> list[Checkpoint]:
        if options["dry_run"]:
            return self._try(options)
        if options["after_restore"]:
            return _resume(options["wait"])
        if options["new_file"]:
            for book in BOOKS:
                outside.begin(book)
                self.stdout.write(f"{outside.catch_up(book)} checkpoints written to {book.path()}")
        return [c for book in BOOKS for c in sealing.seal_all(now=clock.now(), patience=options["wait"], book=book)]

    def _try(self, options: dict[str, Any]) -> list[Checkpoint]:
        found: dict[str, Any] = {}
        for book in BOOKS:
            last = rows.last(book)
            upto = fence.bound(patience=options["wait"], book=book)
            waiting = sealing.count_entries(last.last_id if last else 0, upto, book)
            found[book.name] = {"checkpoint": (last.number if last else 0) + 1, "entries": waiting, "last_id": upto}
        ledger, audit = found[LEDGER.name], found[AUDIT.name]
        words = (
            f"would seal {ledger['entries']} entries up to entry {ledger['last_id']}"
            f" and {audit['entries']} audit records up to record {audit['last_id']}"
        )
        self.stdout.write(json.dumps(ledger | {"audit": audit}) if options["as_json"] else words)
        return []


def _resume(patience: float) -> list[Checkpoint]:
    """Go on after a restore in each book whose file is ahead; raises NothingToResume if none is."""
    sealed: list[Checkpoint] = []
    for book in BOOKS:
        try:
            sealed.append(sealing.resume(now=clock.now(), patience=patience, book=book))
        except (sealing.NothingToResume, outside.FileMissing):
            continue
    if not sealed:
        raise sealing.NothingToResume(sealing.NothingToResume.__doc__)
    return sealed


def _as_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the fields; of the audit record's with a mark, `of`."""
    fields: dict[str, Any] = json.loads(as_line(checkpoint))
    return fields | ({"of": "audit"} if isinstance(checkpoint, AuditCheckpoint) else {})


def _in_words(checkpoint: Checkpoint) -> str:
    end = f"{checkpoint.total} in all; hash {checkpoint.hash.hex()}"
    if isinstance(checkpoint, AuditCheckpoint):
        records = f"{checkpoint.entries} audit records, up to record {checkpoint.last_id}"
        return f"audit checkpoint {checkpoint.number}: {records}; {end}"
    return (
        f"checkpoint {checkpoint.number}: {checkpoint.entries} entries of {checkpoint.accounts} accounts, up to"
        f" entry {checkpoint.last_id}; {end}"
    )
