"""`manage.py erase_user --person 7 --reason …`: removes at once and for ever who a person is."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.users import privacy, selectors, services
from apps.users.management.commands.grant_vip import positive
from diana import clock
from diana.audit import Actor, ReasonMissing


def add_person(parser: CommandParser) -> None:
    """Add the two ways to name somebody."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--person", type=positive, help="the person's id")
    who.add_argument("--telegram-id", type=positive, help="the person's id at Telegram")


def person_of(options: dict[str, Any]) -> int:
    """Return the person's id; raises CommandError for somebody whom nobody knows."""
    if options["person"]:
        return int(options["person"])
    person_id = selectors.person_of(options["telegram_id"])
    if person_id is None:
        raise CommandError(
            f"Nobody with the Telegram id {options['telegram_id']} has met the bot, or they were erased."
        )
    return person_id


class Command(BaseCommand):
    """Erase one person."""

    help = "Remove from all tables who a person is. There is no way back; --dry-run shows what would go."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_person(parser)
        parser.add_argument("--reason", required=True, help="why, without names; kept for ever in the audit record")
        parser.add_argument("--dry-run", action="store_true", help="show what would go, change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase, or show."""
        person_id = person_of(options)
        try:
            preview = services.preview_erasure(person_id=person_id)
            if not options["dry_run"]:
                services.erase_person(
                    person_id=person_id, reason=options["reason"], actor=Actor.command(), now=clock.now()
                )
        except (services.PersonGone, services.ReasonNamesPerson, ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"person": person_id, "erased": not options["dry_run"]}))
        elif options["dry_run"]:
            self._show(person_id, preview.notes)
        else:
            self.stdout.write(f"Person {person_id} was erased.")

    def _show(self, person_id: int, notes: tuple[str, ...]) -> None:
        self.stdout.write(f"Person {person_id} would be erased. Nothing was changed.")
        for part in privacy.parts():
            for column in part.personal:
                self.stdout.write(f"  {column}")
        for note in notes:
            self.stdout.write(note)
