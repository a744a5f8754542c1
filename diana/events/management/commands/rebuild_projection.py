"""manage.py rebuild_projection: a projection's tables anew from the whole log, put in place while live work goes on."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.audit import Actor
from diana.audit.recording import ReasonMissing
from diana.events import history, log, rebuild, replay, shadow
from diana.events.cursors import UnknownCursor
from diana.events.failures import describe
from diana.events.management.commands._choice import chosen_subscriber
from diana.events.management.commands._output import print_rows
from diana.events.management.commands._progress import Progress, ending_on_sigterm
from diana.events.subscriptions import Subscriber

EXPECTED = (shadow.NotRebuildable, rebuild.Rebuilding, rebuild.WritesElsewhere, UnknownCursor, ReasonMissing)


class Command(BaseCommand):
    """Rebuilds a projection; what stops it before the swap leaves everything as it was."""

    help = (
        "Fill the tables of a projection anew from the first event on, unseen, and swap them in. Needs"
        " DATABASE_OWNER_URL. Interrupted, it has changed nothing: run it again, or with --resume."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name and the reason."""
        parser.add_argument("name", help="a subscriber that declares projection=; see manage.py events")
        parser.add_argument("--dry-run", action="store_true", help="only say whether it can be done and which events")
        parser.add_argument("--resume", action="store_true", help="go on where an interrupted rebuild stood, same code")
        parser.add_argument("--abandon", action="store_true", help="only remove what an interrupted rebuild has left")
        parser.add_argument("--reason", default="", help="kept in the audit record; required")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        subscriber = chosen_subscriber(options["name"])
        try:
            if options["abandon"]:
                self.stdout.write("removed the shadow" if rebuild.abandon(subscriber) else "there was no shadow")
            elif options["dry_run"]:
                self._survey(subscriber, as_json=options["json"])
            else:
                self._rebuild(subscriber, options)
        except EXPECTED as error:
            raise CommandError(str(error)) from error

    def _survey(self, subscriber: Subscriber, *, as_json: bool) -> None:
        shadow.check(subscriber)
        found = history.survey(subscriber, replay.EVERYTHING, upto=log.bound(), rows=replay.WINDOW_ROWS)
        print_rows(self.stdout, history.Found._fields, found, as_json=as_json)

    def _rebuild(self, subscriber: Subscriber, options: dict[str, Any]) -> None:
        if not options["reason"].strip():
            raise ReasonMissing(ReasonMissing.__doc__)
        progress = Progress(self.stderr)
        try:
            with ending_on_sigterm():
                rebuilt = rebuild.rebuild(
                    subscriber,
                    actor=Actor.command(),
                    reason=options["reason"],
                    resume=options["resume"],
                    on_progress=lambda r: progress.show(r.percent, r.events),
                )
        except EXPECTED:
            raise
        except (KeyboardInterrupt, Exception) as error:
            why = "interrupted" if isinstance(error, KeyboardInterrupt) else describe(error)
            raise CommandError(
                f"{why}\nThe live tables are as they were. Run it again, or go on with --resume."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(rebuilt._asdict()))
        else:
            for name, value in rebuilt._asdict().items():
                self.stdout.write(f"{name:<14} {value}")
