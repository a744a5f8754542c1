"""Words that people type, as values of columns: a whole number, a UUID or a text, if the column can hold it."""

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Field, ForeignKey, IntegerField, TextField, UUIDField

# Of 64 bits, with a sign.
LONGEST_NUMBER = 20


def value_of(field: Field[Any, Any], word: str) -> int | UUID | str | None:
    """Return the word as a value of the column, or of the column that it refers to; None if it can have no such value.

    Raises TypeError for a column that is no whole number, UUID or text.
    """
    while isinstance(field, ForeignKey):
        field = field.target_field
    if isinstance(field, IntegerField):
        return whole_number(field, word)
    if isinstance(field, UUIDField):
        try:
            return UUID(word)
        except ValueError:
            return None
    if isinstance(field, CharField | TextField):
        return word if is_storable(word) else None
    raise TypeError(f"{field} is no whole number, UUID or text: search it by search_alternatives().")


def is_id(field: Field[Any, Any], word: str) -> bool:
    """Say whether the word is a value of the column as we write it: of a number in digits, without zeros before it."""
    value = value_of(field, word)
    return value is not None and bool(word) and str(value) == word


def whole_number(field: IntegerField[Any, Any], word: str) -> int | None:
    """Return the word as a number that the column can hold, else None."""
    if len(word) > LONGEST_NUMBER or not word.isascii() or not word.removeprefix("-").isdigit():
        return None
    low, high = connection.ops.integer_field_range(field.get_internal_type())
    return number if low <= (number := int(word)) <= high else None


def is_storable(word: str) -> bool:
    """Say whether PostgreSQL could hold the word: no NUL, no half of a surrogate pair."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in word
