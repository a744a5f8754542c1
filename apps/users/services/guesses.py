"""The zone that somebody new is taken to live in, by the code of their language: their first choice replaces it at once."""

from datetime import datetime

from apps.users.clocks import document_of
from apps.users.models import Person
from apps.users.zones import guess_timezone

FIELDS = ("timezone", "timezone_guessed", "former_timezones")


def fill_timezone(person: Person, language_code: str | None, now: datetime) -> bool:
    """Set the zone of who has chosen none and say whether it changed; FIELDS are the caller's to save.

    Dates that have begun stay. No event tells of it: from UTC no date is skipped, and who is new has no streak to lose.
    """
    zone = guess_timezone(language_code)
    if person.has_chosen_timezone or person.timezone_guessed or zone == person.timezone:
        return False
    if person.last_act_at is not None:
        person.former_timezones = document_of(person.clock.choose_first(zone, now))
    person.timezone, person.timezone_guessed = zone, True
    return True
