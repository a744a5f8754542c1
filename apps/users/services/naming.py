"""The one place that sets names of people, together with what they are found by."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from django.db import connection

from apps.users import events as facts
from apps.users.folding import fold_names
from apps.users.models import NAME_MAX_LENGTH, Person
from apps.users.names import Names, clean_name, clean_username
from apps.users.services.rows import about, lock_people
from diana.events import Envelope, publish_many


def take_names(person: Person, names: Names, *, told_at: datetime) -> list[str]:
    """Set the names to those that were told with an act of the person; return the fields that changed, which the caller saves
    with `folded_names`. Of names that stay the same nothing is written.

    Names that are older than the person's last act change nothing, unless none are known: each act tells them.
    """
    if not names.first_name or _are_stored(person, names) or _is_outdated(person, told_at):
        return []
    given = _clean(names)
    changed = [name for name, value in given.items() if value != getattr(person, name)]
    _set(person, {name: given[name] for name in changed})
    return changed


def fill_names(person: Person, names: Names) -> list[str]:
    """Set the names that are blank so far, from a list of whatever age; return the fields that were filled, which the caller
    saves with `folded_names`.
    """
    given = _clean(names)
    filled = [name for name, value in given.items() if value and not getattr(person, name)]
    _set(person, {name: given[name] for name in filled})
    return filled


def has_names(person: Person) -> bool:
    """Say whether anything is known of how the person is called."""
    return bool(person.first_name or person.last_name or person.username)


def refold(person: Person) -> bool:
    """Set what the person is found by and say whether it changed: a release before this one did not know it."""
    before = person.folded_names
    person.folded_names = fold_names(person.first_name, person.last_name, person.username)
    return person.folded_names != before


_SAVE = """
UPDATE users_person p SET first_name = a.first_name, last_name = a.last_name, username = a.username,
    folded_names = a.folded_names
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS a (id, first_name, last_name, username, folded_names)
WHERE p.id = a.id
"""
_SAVED = ("pk", "first_name", "last_name", "username", "folded_names")


def save_names(people: Collection[Person]) -> None:
    """Save the names of these people, which the caller has locked, in one statement."""
    if people:
        with connection.cursor() as cursor:
            cursor.execute(_SAVE, [[getattr(person, name) for person in people] for name in _SAVED])


# Who else has the username of one of these people; by the index on lower(username).
RIVALS = """
SELECT DISTINCT o.id FROM users_person p JOIN users_person o ON lower(o.username) = lower(p.username) AND o.id <> p.id
WHERE p.id = ANY(%s::bigint[]) AND p.username > '' AND o.username > ''
"""


def release_usernames(envelopes: Sequence[Envelope]) -> int:
    """Take the usernames that these events tell of from who had them before, in the caller's transaction; return from how many.

    Telegram gives a username to one person at a time: it is theirs who told it last. One statement if nobody else has one,
    a fixed number otherwise. Locks all who are concerned in ascending order, so nobody may be locked before. Publishes
    user.profile_updated for who loses one. A second call changes nothing.
    """
    told = {
        e.user_id: (e.occurred_at, n) for n, e in enumerate(envelopes) if e.user_id is not None and _tells_username(e)
    }
    rivals = _rivals(told)
    if not rivals:
        return 0
    people = lock_people({*told, *rivals}).values()

    def newest(person: Person) -> tuple[datetime, int]:
        said_at, place = told.get(person.pk, (_LONG_AGO, -1))
        told_at = max(said_at, person.last_act_at or _LONG_AGO, person.registered_at or _LONG_AGO)
        return told_at.replace(microsecond=0), place

    keepers = {person.username.lower(): person.pk for person in sorted(people, key=newest)}
    losers = [person for person in people if person.username and keepers[person.username.lower()] != person.pk]
    last = envelopes[-1].occurred_at
    for person in losers:
        _set(person, {"username": ""})
    save_names(losers)
    publish_many([about(p, facts.ProfileUpdated(user_id=p.pk, fields=["username"]), last) for p in losers])
    return len(losers)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _tells_username(envelope: Envelope) -> bool:
    return envelope.type != facts.ProfileUpdated.type or "username" in envelope.fields["fields"]


def _rivals(person_ids: Iterable[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(RIVALS, [sorted(person_ids)])
        return [row[0] for row in cursor.fetchall()]


def _are_stored(person: Person, names: Names) -> bool:
    """Say at once, for nearly everybody, that nothing has changed; names that cleaning changes are compared after it."""
    stored = (person.first_name, person.last_name, person.username)
    return stored == (names.first_name, names.last_name or "", names.username or "")


def _is_outdated(person: Person, told_at: datetime) -> bool:
    """Say whether newer names are known. Telegram tells whole seconds, so that within one the later update counts."""
    if person.last_act_at is None or not has_names(person):
        return False
    return told_at.replace(microsecond=0) < person.last_act_at.replace(microsecond=0)


def _clean(names: Names) -> dict[str, str]:
    return {
        "first_name": clean_name(names.first_name, limit=NAME_MAX_LENGTH),
        "last_name": clean_name(names.last_name, limit=NAME_MAX_LENGTH),
        "username": clean_username(names.username),
    }


def _set(person: Person, names: dict[str, str]) -> None:
    for name, value in names.items():
        setattr(person, name, value)
    if names:
        refold(person)
