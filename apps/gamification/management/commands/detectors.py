"""Shows and sets the detectors of abuse: `manage.py detectors --set rapid_fire=flag --reason …`."""

import json
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.gamification import services
from apps.gamification.decide.abuse.config import RECOMMENDED
from diana import audit, clock


class Command(BaseCommand):
    """Without options it only shows."""

    help = "Show what detectors of abuse do, or set it: off, suppress (no points) or flag (staff decide)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--set", action="append", default=[], metavar="NAME=ACTION", help="may be repeated")
        parser.add_argument("--recommended", action="store_true", help="what a community may begin with")
        parser.add_argument("--reason", help="why; kept in the audit record; needed to set something")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then undo it")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        """Set what is to be set, print all."""
        now = clock.now()
        actions = self._actions(options)
        if actions and not options["reason"]:
            raise CommandError("Say why with --reason: it is kept in the audit record.")
        try:
            with transaction.atomic():
                if actions:
                    services.set_detectors(
                        actions=actions, reason=options["reason"], actor=audit.Actor.command(), now=now
                    )
                found = msgspec.to_builtins(services.detectors(now))
                transaction.set_rollback(options["dry_run"])
        except (services.InvalidRule, audit.ReasonMissing) as error:
            raise CommandError(str(error)) from error
        if options["as_json"]:
            self.stdout.write(json.dumps({"detectors": found, "dry_run": options["dry_run"]}))
            return
        for name, config in found.items():
            rest = ", ".join(f"{key} {value}" for key, value in config.items() if key != "action")
            self.stdout.write(f"{name}: {config['action']} ({rest})")
        if all(config["action"] == "off" for config in found.values()):
            self.stdout.write("All are off: `manage.py detectors --recommended --reason …` switches them on.")

    def _actions(self, options: dict[str, Any]) -> dict[str, str]:
        """Return what to set, by detector; what is named stands above what is recommended."""
        recommended = msgspec.to_builtins(RECOMMENDED) if options["recommended"] else {}
        named = dict(text.partition("=")[::2] for text in options["set"])
        return {name: config["action"] for name, config in recommended.items()} | named
