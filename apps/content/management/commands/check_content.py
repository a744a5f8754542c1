"""`manage.py check_content`: looks through the stories, questions and challenges for mistakes."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.content.checking import counts, problems
from apps.content.library import DATA


class Command(BaseCommand):
    """Check the data files."""

    help = "Check the data files of trivia, challenges and stories."
    # The checks at the start are these very ones: they would end the command before it could say anything.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--folder", type=Path, default=DATA, help="check the files of another folder")
        parser.add_argument("--json", action="store_true", help="print one JSON object for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; ends with a non-zero status if anything is wrong."""
        found, there = problems(options["folder"]), counts(options["folder"])
        if options["json"]:
            rows = [problem._asdict() for problem in found]
            self.stdout.write(json.dumps({"ok": not found, "counts": there, "problems": rows}))
        else:
            for problem in found:
                self.stdout.write(str(problem))
            self.stdout.write(", ".join(f"{number} {what}" for what, number in there.items()))
        if found:
            raise CommandError(f"{len(found)} mistakes: correct them in {options['folder']}.")
