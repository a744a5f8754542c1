"""manage.py relay: the process that finds what was not woken."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from diana import start_checks, stopping
from diana.events.relay import Relay


class Command(BaseCommand):
    """Runs the relay until SIGTERM or SIGINT, then ends after the lanes under way."""

    help = "Find lanes that nobody woke, run due retries, drain while Redis is away. Runs until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        start_checks.refuse_on_errors()
        relay = Relay()

        def stop(*_: Any) -> None:
            relay.stop()
            stopping.end_within()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        relay.run()
