"""manage.py events: the catalogue, which type reaches whom; for people, for machines, for docs/events.md and the corpus."""

from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser

from diana.events import catalogue, corpus, documentation, subscriptions
from diana.events.management.commands._output import print_rows


class Command(BaseCommand):
    """Lists every event type with its version, fields and subscribers."""

    help = "List the event types, their fields and who subscribes; also as docs/events.md or as JSON schema."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of the forms."""
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="the list as one JSON document")
        forms.add_argument("--schema", action="store_true", help="the payloads as JSON schema, one JSON document")
        forms.add_argument("--markdown", action="store_true", help="docs/events.md")
        forms.add_argument(
            "--corpus", action="store_true", help="add versions that the golden corpus of the tests lacks"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["markdown"]:
            self.stdout.write(documentation.markdown(), ending="")
        elif options["schema"]:
            self.stdout.write(msgspec.json.format(msgspec.json.encode(documentation.schemas())).decode())
        elif options["corpus"]:
            added = corpus.add_missing(documentation.declared())
            self.stdout.write("\n".join(f"added: {line.type} version {line.version}" for line in added) or "complete")
        else:
            self._list(as_json=options["json"])

    def _list(self, *, as_json: bool) -> None:
        rows = []
        for event_type in catalogue.event_types():
            cls = catalogue.event_class(event_type)
            fields = ", ".join(name for name in cls.__struct_fields__ if name != "user_id")
            wanting = ", ".join(s.name for s in subscriptions.subscribers() if event_type in s.types)
            rows.append((event_type, cls.version, fields or "-", wanting or "-"))
        print_rows(self.stdout, ("type", "version", "fields", "subscribers"), rows, as_json=as_json)
