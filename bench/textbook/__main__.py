"""`python -m bench.textbook COUNT`: makes the tables, queues the tasks, starts a worker, prints tasks per second."""

import os
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.textbook.settings"

import django

django.setup()

from django.core.management import call_command
from django.db.models import Max, Min

from bench.textbook.app import app, award
from bench.textbook.models import Entry


def main(count: int) -> None:
    """Measure from the first commit to the last: neither the start of the worker nor the queueing counts."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    now = datetime.now(UTC).isoformat()
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(count):
            award.apply_async((str(uuid.uuid4()), number % 10_000, now), producer=producer)
    worker = subprocess.Popen(
        [
            "celery", "-A", "bench.textbook.app", "worker", "--queues", "textbook", "--concurrency", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while Entry.objects.count() < count and time.monotonic() < deadline:
            time.sleep(0.25)
    finally:
        worker.terminate()
        worker.wait()
    span = Entry.objects.aggregate(first=Min("recorded_at"), last=Max("recorded_at"), n=django.db.models.Count("id"))
    if span["n"] < count:
        raise SystemExit(f"{span['n']} of {count} tasks were done")
    print(count / (span["last"] - span["first"]).total_seconds())


if __name__ == "__main__":
    main(int(sys.argv[1]))
