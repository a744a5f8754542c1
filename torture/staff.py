"""`python -m torture.staff`: a process of its own that does what staff do, one JSON line in, one out.

`{"do": "award", "person", "amount", "key"}`, `{"do": "reverse", "entry", "key"}`, and `{"do": "publish_slowly", "body",
"seconds"}`, which takes an update in as the webhook does but keeps the transaction open. Persons are Telegram's ids.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torture.settings")
django.setup()

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, transaction

from apps.bot import incoming
from apps.bot import services as bot
from apps.gamification import services as points
from apps.users.models import Person
from diana import audit, clock


def main() -> None:
    """Answer until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Do it and say how it went: ok, rejected (never to be asked again) or unknown."""
    close_old_connections()
    try:
        return {"outcome": "ok"} | ACTS[asked["do"]](asked)
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        return {"outcome": "unknown", "error": f"{type(error).__name__}: {error}"[:200]}
    except Exception as error:
        return {"outcome": "rejected", "error": f"{type(error).__name__}: {error}"[:200]}


def award(asked: dict[str, Any]) -> dict[str, Any]:
    """Give points under a key."""
    person = Person.objects.filter(telegram_id=asked["person"]).values_list("pk", flat=True).first()
    entry = points.award(person_id=person or 0, amount=asked["amount"], key=asked["key"], reason="torture", **_acting())
    return {"entry": entry.pk}


def reverse(asked: dict[str, Any]) -> dict[str, Any]:
    """Take an entry back under a key."""
    points.reverse_entry(entry_id=asked["entry"], key=asked["key"], reason="torture", **_acting())
    return {}


def publish_slowly(asked: dict[str, Any]) -> dict[str, Any]:
    """Take an update in and commit late: ids given out meanwhile commit before it."""
    body = asked["body"].encode()
    with _role_of_the_door(), transaction.atomic():
        bot.receive_update(incoming=incoming.decode(body), body=body, now=clock.now())
        time.sleep(asked["seconds"])
    return {}


@contextmanager
def _role_of_the_door() -> Iterator[None]:
    """Take the role that takes updates in: the one that awards may not."""
    door = urlsplit(os.environ["DATABASE_DOOR_URL"])
    before = connection.settings_dict
    connection.close()
    connection.settings_dict = before | {"USER": door.username, "PASSWORD": door.password}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before


def _acting() -> dict[str, Any]:
    return {"actor": audit.Actor.command(), "now": clock.now()}


ACTS = {"award": award, "reverse": reverse, "publish_slowly": publish_slowly}

if __name__ == "__main__":
    main()
