"""`manage.py grant_vip`: gives VIP from the command line, with the same audit record as the admin."""

import json
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.users import selectors, services
from apps.users.models import Grant
from diana import clock
from diana.audit import Actor


def positive(text: str) -> int:
    """Return the number; for argparse."""
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 2**63:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


class Command(BaseCommand):
    """Grant VIP to one person, or to all whose ids stand in a file."""

    help = "Grant VIP for a number of days, added to what the person has."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--person", type=positive, help="the person's id")
        who.add_argument("--telegram-id", type=positive, help="the person's id at Telegram")
        who.add_argument("--file", type=Path, help="a file with a person's id on each line; needs --key")
        parser.add_argument("--key", help="a name of this act: with it a second call gives nobody anything twice")
        parser.add_argument("--days", type=positive, required=True, help="how many days to add")
        parser.add_argument("--reason", required=True, help="why; kept in the audit record")
        parser.add_argument("--source", choices=Grant.Source.values, default="staff", help="where it comes from")
        parser.add_argument("--dry-run", action="store_true", help="show what would come of it, change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant, print what came of it; a dry run takes all of it back."""
        try:
            if options["file"]:
                self._grant_to_many(options)
            else:
                self._grant_to_one(options)
        except (services.InvalidGrant, services.PersonGone) as error:
            raise CommandError(str(error)) from error

    def _grant_to_one(self, options: dict[str, Any]) -> None:
        person_id, now = options["person"] or self._person_of(options["telegram_id"]), clock.now()
        with transaction.atomic():
            grant = services.grant_vip(
                person_id=person_id,
                source=options["source"],
                days=options["days"],
                reason=options["reason"],
                actor=Actor.command(),
                now=now,
                key=options["key"],
            )
            until = selectors.effective_vip(person_id, now)
            transaction.set_rollback(options["dry_run"])
        self._print(person_id, None if options["dry_run"] else grant.pk, until, options["json"])

    def _grant_to_many(self, options: dict[str, Any]) -> None:
        """Grant to all of the file, each 500 by themselves; show how far it is."""
        if not options["key"]:
            raise CommandError("Name the act with --key: then it can be called again when it breaks off.")
        ids, looked_at = _ids(options["file"]), 0

        def progress(done: int) -> None:
            nonlocal looked_at
            looked_at += done
            if not options["json"]:
                print(f"\r{looked_at} of {len(ids)}", end="", file=sys.stderr, flush=True)

        given = 0
        if options["dry_run"]:
            preview = services.preview_many(person_ids=ids, days=options["days"])
            would = int(str(preview.changes[0].after))
        else:
            given = would = services.grant_to_many(
                person_ids=ids,
                source=options["source"],
                days=options["days"],
                reason=options["reason"],
                actor=Actor.command(),
                key=options["key"],
                now=clock.now(),
                progress=progress,
            )
        if options["json"]:
            print(json.dumps({"people": len(ids), "granted": given, "would_grant": would}))
        elif options["dry_run"]:
            print(f"{would} of {len(ids)} people would get {options['days']} days. Nothing was changed.")
        else:
            print(f"\n{given} of {len(ids)} people were granted {options['days']} days.")

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


def _ids(path: Path) -> list[int]:
    """Return the ids of the file; blank lines do not matter."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    try:
        return sorted({positive(line) for line in lines if line})
    except ArgumentTypeError as error:
        raise CommandError(f"{path} holds a line that is no id: {error}.") from error
