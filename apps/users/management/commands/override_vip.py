"""`manage.py override_vip --person 7 --mode off --until … --reason …`: forces VIP on or off, or clears that."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.users import selectors, services
from apps.users.management.commands.suspend_user import add_options, moment
from diana import clock
from diana.audit import Actor, ReasonMissing

REFUSALS = (services.InvalidOverride, services.NoOverride, services.PersonGone, ReasonMissing)


class Command(BaseCommand):
    """Force VIP on or off for one person, or clear what is forced."""

    help = "Force VIP on or off until a moment, whatever was granted; or clear what is forced."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add_options(parser)
        parser.add_argument("--mode", choices=["on", "off", "none"], required=True, help="none clears what is forced")
        parser.add_argument("--until", help="when it ends, as in 2026-12-31T12:00:00+00:00; not with none")

    def handle(self, *args: Any, **options: Any) -> None:
        """Force or clear, print how the person stands."""
        until, now = moment(options["until"]), clock.now()
        if (until is None) != (options["mode"] == "none"):
            raise CommandError("Give --until with on and off, and not with none.")
        how = {"reason": options["reason"], "actor": Actor.command(), "key": options["key"], "now": now}
        try:
            with transaction.atomic():
                if until is None:
                    services.clear_overrides(person_id=options["person"], **how)
                else:
                    services.override_vip(person_id=options["person"], mode=options["mode"], until=until, **how)
                standing = selectors.vip_standings([options["person"]], now)[options["person"]]
                transaction.set_rollback(options["dry_run"])
        except REFUSALS as error:
            raise CommandError(str(error)) from error
        end = standing.until and standing.until.isoformat()
        if options["json"]:
            outcome = {"person": options["person"], "state": standing.state, "forced": standing.mode, "vip_until": end}
            self.stdout.write(json.dumps(outcome | {"dry_run": options["dry_run"]}))
        else:
            would = "would be" if options["dry_run"] else "is"
            forced = f"forced {standing.mode}" if standing.mode else "not forced"
            self.stdout.write(
                f"Person {options['person']} {would} {standing.state} ({forced}), VIP until {end or '–'}."
            )
