"""Which dead letters a command is about: by subscriber, type, time or id; a choice that cannot be meant is an error."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime

from diana.events import catalogue, subscriptions
from diana.events.models import Failure


def add_choice(parser: CommandParser) -> None:
    """Take the choice, the reason and --dry-run."""
    parser.add_argument("--subscriber", help="only of this subscriber")
    parser.add_argument("--type", help="only of this event type")
    parser.add_argument("--since", metavar="TIME", help="only what first failed then or later (ISO 8601, else UTC)")
    parser.add_argument("--until", metavar="TIME", help="only what first failed before then")
    parser.add_argument("--id", type=int, action="append", help="only this failure (repeatable)")
    parser.add_argument("--reason", required=True, help="kept with each of them and in the audit record")
    parser.add_argument("--dry-run", action="store_true", help="only say how many of which kind")


def chosen_failures(options: dict[str, Any]) -> QuerySet[Failure]:
    """Return what was chosen, whatever its status; raises CommandError for names, ids and times that cannot be meant."""
    chosen = Failure.objects.all()
    if name := options["subscriber"]:
        _check_subscriber(name)
        chosen = chosen.filter(subscriber=name)
    if event_type := options["type"]:
        _check_type(event_type)
        chosen = chosen.filter(type=event_type)
    since, until = _moment(options["since"]), _moment(options["until"])
    if since and until and since >= until:
        raise CommandError("--since is not before --until: nothing can have failed then.")
    if since:
        chosen = chosen.filter(failed_at__gte=since)
    if until:
        chosen = chosen.filter(failed_at__lt=until)
    if ids := options["id"]:
        _check_ids(ids)
        chosen = chosen.filter(id__in=ids)
    if not options["reason"].strip():
        raise CommandError("--reason is empty: say why.")
    return chosen


def _check_subscriber(name: str) -> None:
    known = {subscriber.name for subscriber in subscriptions.subscribers()}
    if name not in known and not Failure.objects.filter(subscriber=name).exists():
        raise CommandError(f"There is no subscriber {name!r}: see manage.py bus_status.")


def _check_type(event_type: str) -> None:
    if not catalogue.is_known(event_type) and not Failure.objects.filter(type=event_type).exists():
        raise CommandError(f"There is no event type {event_type!r}: see manage.py events.")


def _check_ids(ids: list[int]) -> None:
    unknown = sorted(set(ids) - set(Failure.objects.filter(id__in=ids).values_list("id", flat=True)))
    if unknown:
        raise CommandError(f"There is no failure {', '.join(map(str, unknown))}: the admin lists them.")


def _moment(text: str | None) -> datetime | None:
    """Return the time that the text means; a day alone is its beginning, a time without a zone is UTC."""
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{text!r} is no time: write it like 2026-11-24T08:00 or 2026-11-24.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
