"""`manage.py unsuspend_user --person 7 --reason …`: ends a suspension."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.users import services
from apps.users.management.commands.suspend_user import REFUSALS, add_options
from diana import clock
from diana.audit import Actor


class Command(BaseCommand):
    """End one suspension."""

    help = "End a person's suspension: what they do from now on earns again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """End it, say so."""
        try:
            with transaction.atomic():
                ended = services.unsuspend(
                    person_id=options["person"],
                    reason=options["reason"],
                    actor=Actor.command(),
                    key=options["key"],
                    now=clock.now(),
                )
                transaction.set_rollback(options["dry_run"])
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        outcome = {"person": options["person"], "status": ended.former_status, "dry_run": options["dry_run"]}
        if options["json"]:
            self.stdout.write(json.dumps(outcome))
        else:
            would = "would be" if options["dry_run"] else "is"
            self.stdout.write(f"Person {options['person']} {would} {ended.former_status} again.")
