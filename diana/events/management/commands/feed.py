"""manage.py feed: watch what is published, live."""

import contextlib
import json
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from diana.events.feed import CHANNEL


class Command(BaseCommand):
    """Prints the live feed until it is stopped."""

    help = "Print what is published as it happens. Best effort: under load or without Redis events are left out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --json and --count."""
        parser.add_argument("--json", action="store_true", help="one JSON document a line, as it comes")
        parser.add_argument("--count", type=int, default=0, help="end after so many events")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        left = options["count"]
        with contextlib.suppress(KeyboardInterrupt):
            for said in self._messages():
                self.stdout.write(said if options["json"] else _line(json.loads(said)))
                self.stdout.flush()
                left -= 1
                if left == 0:
                    return

    def _messages(self) -> Any:
        """Yield the feed's messages; a CommandError when Redis is away."""
        if not settings.EVENTS_FEED:
            raise CommandError("The live feed is off: set EVENTS_FEED=true for the processes of Diana.")
        try:
            with redis.Redis.from_url(settings.REDIS_URL, health_check_interval=10) as client, client.pubsub() as heard:
                heard.subscribe(CHANNEL)
                for message in heard.listen():
                    if message["type"] == "message":
                        yield message["data"].decode()
        except redis.RedisError as error:
            raise CommandError(
                f"Redis does not answer ({type(error).__name__}): the feed is back when it is."
            ) from error


def _line(said: dict[str, Any]) -> str:
    return f"{said['occurred_at']}  {said['type']}  key {said['key']}  {said['event_id']}  of {said['correlation_id']}"
