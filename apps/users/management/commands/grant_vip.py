"""`manage.py grant_vip`: gives VIP from the command line, with the same audit record as the admin."""

import json
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.users import selectors, services
from apps.users.models import Grant
from diana import clock
from diana.audit import Actor


def positive(text: str) -> int:
    """Return the number; for argparse."""
    if not text.isdecimal() or not 0 < int(text) < 2**63:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


class Command(BaseCommand):
    """Grant VIP to one person."""

    help = "Grant VIP for a number of days, added to what the person has."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--person", type=positive, help="the person's id")
        who.add_argument("--telegram-id", type=positive, help="the person's id at Telegram")
        parser.add_argument("--days", type=positive, required=True, help="how many days to add")
        parser.add_argument("--reason", required=True, help="why; kept in the audit record")
        parser.add_argument("--source", choices=Grant.Source.values, default="staff", help="where it comes from")
        parser.add_argument("--dry-run", action="store_true", help="show what would come of it, change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, print until when the person is VIP; a dry run takes all of it back."""
        person_id = options["person"] or self._person_of(options["telegram_id"])
        now = clock.now()
        try:
            with transaction.atomic():
                grant = services.grant_vip(
                    person_id=person_id,
                    source=options["source"],
                    days=options["days"],
                    reason=options["reason"],
                    actor=Actor.command(),
                    now=now,
                )
                until = selectors.effective_vip(person_id, now)
                transaction.set_rollback(options["dry_run"])
        except (services.InvalidGrant, services.PersonGone) as error:
            raise CommandError(str(error)) from error
        self._print(person_id, None if options["dry_run"] else grant.pk, until, options["json"])

    def _person_of(self, telegram_id: int) -> int:
        person_id = selectors.person_of(telegram_id)
        if person_id is None:
            raise CommandError(f"Nobody with the Telegram id {telegram_id} has met the bot yet.")
        return person_id

    def _print(self, person_id: int, grant_id: int | None, until: Any, as_json: bool) -> None:
        if as_json:
            print(json.dumps({"person": person_id, "grant": grant_id, "vip_until": until and until.isoformat()}))
        elif grant_id is None:
            print(f"Person {person_id} would be VIP until {until:%Y-%m-%d %H:%M} UTC. Nothing was changed.")
        else:
            print(f"Person {person_id} is VIP until {until:%Y-%m-%d %H:%M} UTC (grant {grant_id}).")
