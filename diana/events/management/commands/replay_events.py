"""manage.py replay_events: a subscriber's handler once more over what has happened, while live work goes on."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.audit import Actor
from diana.audit.recording import ReasonMissing
from diana.events import history, replay
from diana.events.cursors import UnknownCursor
from diana.events.failures import describe
from diana.events.history import Selection
from diana.events.management.commands._choice import chosen_subscriber, moment
from diana.events.management.commands._output import print_rows
from diana.events.management.commands._progress import Progress, ending_on_sigterm


class Command(BaseCommand):
    """Replays the events that were chosen and says what that changed."""

    help = (
        "Run a subscriber's handler once more over events of the log. Safe to repeat and to interrupt; what the cursors"
        " have not reached yet is left to them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the choice and the reason."""
        parser.add_argument("--subscriber", required=True, metavar="NAME", help="whose handler; see manage.py events")
        parser.add_argument("--type", action="append", default=[], help="only events of this type (repeatable)")
        parser.add_argument("--user", type=int, metavar="ID", help="only events about this person")
        parser.add_argument("--since", type=moment, metavar="TIME", help="only acts done then or later (ISO, UTC)")
        parser.add_argument("--until", type=moment, metavar="TIME", help="only acts done then or earlier")
        parser.add_argument("--from-position", type=int, default=1, metavar="N", help="where in the log to begin")
        parser.add_argument("--to-position", type=int, metavar="N", help="where in the log to end")
        parser.add_argument("--dry-run", action="store_true", help="only say which events that would be")
        parser.add_argument("--rehearse", action="store_true", help="run the handler and roll everything back")
        parser.add_argument("--send-again", action="store_true", help="let people get messages a second time")
        parser.add_argument("--reason", default="", help="kept in the audit record; required unless dry or a rehearsal")
        parser.add_argument("--json", action="store_true", help="one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        subscriber = chosen_subscriber(options["subscriber"])
        selection = Selection(
            types=tuple(options["type"]),
            user_id=options["user"],
            since=options["since"],
            until=options["until"],
            from_position=options["from_position"],
            to_position=options["to_position"],
        )
        try:
            selection.condition(subscriber)
            if options["dry_run"]:
                self._survey(replay.Replay(subscriber, selection, send_again=True), as_json=options["json"])
            else:
                chosen = {"send_again": options["send_again"], "rehearse": options["rehearse"]}
                replaying = replay.Replay(subscriber, selection, **chosen)
                self._replay(replaying, options["reason"], as_json=options["json"])
        except (history.NotSubscribed, replay.Outward, UnknownCursor, ReasonMissing) as error:
            raise CommandError(str(error)) from error

    def _survey(self, replaying: replay.Replay, *, as_json: bool) -> None:
        found = history.survey(
            replaying.subscriber,
            replaying.selection,
            upto=replaying.upto,
            rows=replay.WINDOW_ROWS,
            passed=replaying.positions,
        )
        print_rows(self.stdout, history.Found._fields, found, as_json=as_json)

    def _replay(self, replaying: replay.Replay, reason: str, *, as_json: bool) -> None:
        """Run it between two audit records; whatever ends it early, say where to go on."""
        actor, started = Actor.command(), time.monotonic()
        if not replaying.rehearse:
            replay.announce(replaying, actor=actor, reason=reason)
        progress = Progress(self.stderr)
        try:
            with ending_on_sigterm():
                result = replaying.run(lambda r: progress.show(r.percent, r.handled))
        except (KeyboardInterrupt, Exception) as error:
            why = "interrupted" if isinstance(error, KeyboardInterrupt) else describe(error)
            raise CommandError(f"{why}\nGo on with --from-position {replaying.position}.") from error
        finally:
            if not replaying.rehearse:
                replay.conclude(replaying, actor=actor, reason=reason)
        self._print(result, time.monotonic() - started, as_json=as_json)

    def _print(self, result: replay.Replayed, seconds: float, *, as_json: bool) -> None:
        """Say what it did; end with status 1 if the handler failed on something."""
        figures: dict[str, Any] = result._asdict() | {
            "failed": [failed._asdict() for failed in result.failed],
            "events_per_second": round(result.handled / max(seconds, 1e-3)),
        }
        if as_json:
            self.stdout.write(json.dumps(figures))
        else:
            figures["failed"] = len(result.failed)
            for name, value in figures.items():
                self.stdout.write(f"{name:<18} {value}")
            for failed in result.failed:
                self.stderr.write(f"failed: {failed.type} at {failed.position}: {failed.error}")
        if result.failed:
            raise CommandError(f"The handler failed on {len(result.failed)} events.")
