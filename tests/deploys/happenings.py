"""What happens in the small app of which two versions run, and the table in which their handlers leave a trace."""

from django.db import connection, connections

from diana.events import Envelope, Event

HAPPENED, MORE = "deploys.happened", "deploys.more"


class DeployHappened(Event, type=HAPPENED):
    """What both versions handle."""

    number: int


class DeployMore(Event, type=MORE):
    """What the second version handles too."""

    number: int


def make_table() -> None:
    """Make the table, as the owner; twice handled is twice written."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("CREATE TABLE effect (id bigserial, subscriber text, user_id bigint, number int, code text)")


def note(subscriber: str, envelope: Envelope, code: str) -> None:
    """Leave a trace, in the transaction of the handler."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO effect (subscriber, user_id, number, code) VALUES (%s, %s, %s, %s)",
            [subscriber, envelope.user_id, envelope.fields["number"], code],
        )


def effects(subscriber: str) -> list[tuple[int, int, str]]:
    """Return person, number and version of each effect, in the order in which they were written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, number, code FROM effect WHERE subscriber = %s ORDER BY id", [subscriber])
        return list(cursor.fetchall())
