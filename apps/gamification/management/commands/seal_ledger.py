"""manage.py seal_ledger: seals what is new now, and what is needed around it: public keys, a lost file, a restore."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.gamification.proof import fence, keys, outside, rows, sealing
from apps.gamification.proof.checkpoints import Checkpoint, as_line
from diana import clock


class Command(BaseCommand):
    """Safe to repeat: without new entries nothing happens."""

    help = "Seal the ledger's new entries in a signed checkpoint, in the database and in LEDGER_CHECKPOINTS."

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
            self.stdout.write(json.dumps([json.loads(as_line(checkpoint)) for checkpoint in sealed]))
            return
        for checkpoint in sealed:
            self.stdout.write(
                f"checkpoint {checkpoint.number}: {checkpoint.entries} entries of {checkpoint.accounts} accounts, up to"
                f" entry {checkpoint.last_id}; {checkpoint.total} in all; hash {checkpoint.hash.hex()}"
            )
        if not sealed:
            self.stdout.write("Nothing to seal: no entry is new.")

    def _seal(self, options: dict[str, Any]) -> list[Checkpoint]:
        if options["dry_run"]:
            last = rows.last()
            upto = fence.bound(patience=options["wait"])
            waiting = sealing.count_entries(last.last_id if last else 0, upto)
            text = {"checkpoint": (last.number if last else 0) + 1, "entries": waiting, "last_id": upto}
            words = f"would seal {waiting} entries up to entry {upto}"
            self.stdout.write(json.dumps(text) if options["as_json"] else words)
            return []
        if options["after_restore"]:
            return [sealing.resume(now=clock.now(), patience=options["wait"])]
        if options["new_file"]:
            outside.begin()
            self.stdout.write(f"{outside.catch_up()} checkpoints written to {outside.path()}")
        return sealing.seal_all(now=clock.now(), patience=options["wait"])
