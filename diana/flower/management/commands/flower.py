"""manage.py flower: shows workers and tasks in a browser."""

import atexit
import signal
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from flower import command
from tornado.options import options as flower_options

from diana.flower.accounts import Accounts
from diana.flower.site import Site


class Command(BaseCommand):
    """Runs Flower until SIGTERM or SIGINT."""

    help = "Show workers and tasks in a browser. Flower's own options are read from FLOWER_…. Runs until it is stopped."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add where it listens and how much it keeps."""
        parser.add_argument("--address", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=5555)
        parser.add_argument("--max_tasks", type=int, default=2000, help="how many tasks it keeps in memory")

    def handle(self, *args: Any, address: str, port: int, max_tasks: int, **options: Any) -> None:
        """Run."""
        command.apply_env_options()
        flower_options.address, flower_options.port, flower_options.max_tasks = address, port, max_tasks
        accounts = self._accounts()
        flower_options.basic_auth = [*accounts.operators, *accounts.viewers]
        command.extract_settings()
        command.setup_logging()
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # its stubs know no proxy
        token = settings.METRICS_TOKEN or ""
        site = Site(
            accounts=accounts,
            hsts=_hsts(),
            metrics_token=token,
            capp=app,
            options=flower_options,
            **command.settings,
        )
        atexit.register(site.stop)
        signal.signal(signal.SIGTERM, command.sigterm_handler)
        command.print_banner(app, "ssl_options" in command.settings, site.start_http_server())
        with suppress(KeyboardInterrupt, SystemExit):
            site.start()

    def _accounts(self) -> Accounts:
        try:
            accounts = Accounts(flower_options.basic_auth or [], settings.FLOWER_VIEWER_AUTH)
        except ValueError as error:
            raise CommandError(str(error)) from error
        if accounts.viewers and flower_options.auth:
            raise CommandError("FLOWER_VIEWER_AUTH does not go together with FLOWER_AUTH: unset one of them.")
        return accounts


def _hsts() -> str:
    """Return what the web process says, too; empty outside production."""
    seconds = settings.SECURE_HSTS_SECONDS
    return f"max-age={seconds}; includeSubDomains; preload" if seconds else ""
