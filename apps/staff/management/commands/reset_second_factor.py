"""`manage.py reset_second_factor NAME --reason …`: for a login whose device and recovery codes are lost."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.staff import devices
from diana.audit import Actor, ReasonMissing


class Command(BaseCommand):
    """Take a login's second factor away, so that it sets up a new one."""

    help = (
        "Take device and recovery codes from a login and end its sessions: it sets up a new device after its password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="the login, as it is typed on the login page")
        parser.add_argument("--reason", required=True, help="why, and how you know who asks; kept in the audit record")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset, print what was taken away."""
        name = options["name"]
        try:
            with transaction.atomic():
                done = devices.reset(name, reason=options["reason"], actor=Actor.command())
                transaction.set_rollback(options["dry_run"])
        except (devices.UnknownLogin, ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            outcome = {"login": name, "dry_run": options["dry_run"]} | done._asdict()
            self.stdout.write(json.dumps(outcome))
            return
        would = "would lose" if options["dry_run"] else "lost"
        device = "its device" if done.device else "no device, it had none,"
        self.stdout.write(f"{name} {would} {device} and {done.recovery_codes} recovery codes; its sessions end.")
