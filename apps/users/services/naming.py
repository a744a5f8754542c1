"""The one place that sets names of people, together with what they are found by."""

from apps.users.folding import fold_names
from apps.users.models import NAME_MAX_LENGTH, Person
from apps.users.names import clean_name, clean_username


def fill_names(person: Person, *, first_name: str, last_name: str | None, username: str | None) -> list[str]:
    """Set the names that are blank so far, as people wrote them; return the fields that were filled.

    Whoever saves them saves `folded_names` as well, which may change alone: a release before this one did not know it.
    """
    given = {
        "first_name": clean_name(first_name, limit=NAME_MAX_LENGTH),
        "last_name": clean_name(last_name, limit=NAME_MAX_LENGTH),
        "username": clean_username(username),
    }
    filled = [name for name, value in given.items() if value and not getattr(person, name)]
    for name in filled:
        setattr(person, name, given[name])
    person.folded_names = fold_names(person.first_name, person.last_name, person.username)
    return filled
