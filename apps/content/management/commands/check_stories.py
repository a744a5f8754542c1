"""`manage.py check_stories`: walks every way through the stories, and says what does not make sense on one of them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.content.checking import paths, stories_of
from apps.content.library import story_files


class Command(BaseCommand):
    """Check files of stories."""

    help = "Check files of stories: all that are built in, or those that are named. check_content checks these as well."
    # The checks at the start are these very ones: they would end the command before it could say anything.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the files."""
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a file of a story, also a new one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; ends with a non-zero status if anything is wrong."""
        told, found = stories_of(options["files"] or story_files())
        for problem in found:
            self.stdout.write(str(problem))
        if found:
            raise CommandError(f"{len(found)} mistakes: each line says where, and what to do.")
        for file, story in told.items():
            counted = ((story.chapters, "chapters"), (story.endings, "endings"), (story.secrets, "secrets"))
            numbers = [f"{len(things)} {what}" for things, what in counted]
            self.stdout.write(f"{file}: {', '.join(numbers)}, {len(paths.states(story))} states of a reader")
