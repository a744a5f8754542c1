"""`manage.py expire_vip`: does now what the task does each minute, as after an outage of beat."""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.users import services
from diana import clock


class Command(BaseCommand):
    """Tell whose VIP comes to its end, is in grace or over."""

    help = "Tell what time has changed about VIP; each change is told once, whoever comes second."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell, print how much."""
        if options["dry_run"]:
            # One transaction around all, for it is taken back.
            with transaction.atomic():
                passed = services.expire_all_vip(now=clock.now())
                transaction.set_rollback(True)
        else:
            passed = services.expire_all_vip(now=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(msgspec.structs.asdict(passed) | {"dry_run": options["dry_run"]}))
            return
        told = f"{passed.expiring} end soon, {passed.grace_entered} entered grace, {passed.expired} are over"
        undone = " Nothing was changed." if options["dry_run"] else ""
        text = f"{passed.people} people looked at: {told}, {passed.overridden} overrides ended.{undone}"
        self.stdout.write(text)
