"""manage.py sync_subscribers: the release step that brings cursors in line with the code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.events import release


class Command(BaseCommand):
    """Creates cursors of new subscribers, updates changed subscriptions, refuses orphans."""

    help = "Bring the cursors in line with the subscribers in the code. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the names that are to go or to change."""
        parser.add_argument(
            "--retire", action="append", default=[], metavar="NAME", help="delete this subscriber's cursors"
        )
        parser.add_argument(
            "--rename", action="append", default=[], metavar="OLD=NEW", help="keep OLD's cursors for NEW"
        )

        parser.add_argument(
            "--start",
            action="append",
            default=[],
            metavar="NAME=now|beginning",
            help="where this new subscriber begins",
        )
        parser.add_argument(
            "--keep", action="append", default=[], metavar="NAME", help="leave this one's cursors to newer code"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        rename, start = (dict(pair.partition("=")[::2] for pair in options[name]) for name in ("rename", "start"))
        if wrong := sorted(set(start.values()) - {"now", "beginning"}):
            raise CommandError(f"--start takes NAME=now or NAME=beginning, not {wrong[0]!r}.")
        try:
            synced = release.sync(retire=options["retire"], rename=rename, start=start, keep=options["keep"])
        except (release.Orphans, release.NotNew) as error:
            raise CommandError(str(error)) from error
        for name, count in synced.created.items():
            self.stdout.write(f"created {count} cursors of {name}")
        for name in synced.updated:
            self.stdout.write(f"updated {name}: it now wants other events; older ones reach it by replay only")
        for name in synced.retired:
            self.stdout.write(f"retired {name}")
        if not any(synced):
            self.stdout.write("cursors and subscribers agree")
