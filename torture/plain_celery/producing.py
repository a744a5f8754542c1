"""`python -m torture.plain_celery.producing SECONDS RATE`: what a web application does, in a process of its own.

Each event is committed, then its task is sent. Prints the numbers of the events whose task was sent without an error.
"""

import json
import os
import sys
import time

import psycopg

from torture.plain_celery.app import award


def main(seconds: float, rate: float) -> None:
    """Commit and send until the time is up."""
    sent: list[int] = []
    refused = 0
    ends = time.monotonic() + seconds
    due = time.monotonic()
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        while time.monotonic() < ends:
            person = len(sent) % 20
            row = connection.execute("INSERT INTO plain_event (person) VALUES (%s) RETURNING id", [person]).fetchone()
            assert row is not None
            try:
                award.delay(row[0], person)
                sent.append(row[0])
            except Exception:
                refused += 1
            due = max(due + 1 / rate, time.monotonic() - 1)
            time.sleep(max(0.0, due - time.monotonic()))
    print(json.dumps({"sent": sent, "refused": refused}))


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]))
