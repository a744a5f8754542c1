"""The documentation's Celery application: late acknowledgement, rejection when a worker is lost, retries; one task.

Only the visibility timeout is not the documented hour but as short as Diana's under torture, so that what comes back in
the end comes back within the measurement.
"""

import os

import psycopg
from celery import Celery

from torture.settings_seconds import VISIBILITY_SECONDS

app = Celery("plain", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_queue="plain",
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": VISIBILITY_SECONDS},
)


@app.task(name="plain.award", autoretry_for=(psycopg.Error,), retry_backoff=True, max_retries=5)
def award(event: int, person: int) -> None:
    """Write the entry of an event and raise the balance, in one transaction."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as connection:
        connection.execute("INSERT INTO plain_entry (event, person, amount) VALUES (%s, %s, 5)", [event, person])
        connection.execute("UPDATE plain_account SET balance = balance + 5 WHERE person = %s", [person])
