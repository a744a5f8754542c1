"""`manage.py suspend_user --person 7 --reason …`: lets a person earn nothing until a moment, or until further notice."""

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.dateparse import parse_datetime

from apps.users import services
from apps.users.management.commands.grant_vip import positive
from diana import clock
from diana.audit import Actor, ReasonMissing

REFUSALS = (services.InvalidSuspension, services.NotSuspended, services.PersonGone, ReasonMissing)


def add_options(parser: CommandParser) -> None:
    """Add what suspending and ending it have in common."""
    parser.add_argument("--person", type=positive, required=True, help="the person's id")
    parser.add_argument("--reason", required=True, help="why; kept in the audit record")
    parser.add_argument("--key", required=True, help="a name of this act: with it a second call changes nothing")
    parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
    parser.add_argument("--json", action="store_true", help="print one JSON object for machines")


class Command(BaseCommand):
    """Suspend one person."""

    help = "Let a person earn nothing until a moment, or until unsuspend_user."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the end."""
        add_options(parser)
        parser.add_argument("--until", help="when it ends, as in 2026-12-31T12:00:00+00:00; left out: nobody knows yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Suspend, print until when."""
        until = moment(options["until"])
        try:
            with transaction.atomic():
                services.suspend(
                    person_id=options["person"],
                    until=until,
                    reason=options["reason"],
                    actor=Actor.command(),
                    key=options["key"],
                    now=clock.now(),
                )
                transaction.set_rollback(options["dry_run"])
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        outcome = {"person": options["person"], "until": options["until"], "dry_run": options["dry_run"]}
        if options["json"]:
            self.stdout.write(json.dumps(outcome))
        else:
            would = "would be" if options["dry_run"] else "is"
            end = f"until {options['until']}" if until else "until further notice"
            self.stdout.write(f"Person {options['person']} {would} suspended {end}.")


def moment(text: str | None) -> datetime | None:
    """Return the moment; it needs a time zone, or it would mean another one elsewhere."""
    if text is None:
        return None
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CommandError(f"{text!r} is no moment with a time zone: write it as in 2026-12-31T12:00:00+00:00.")
    return found
