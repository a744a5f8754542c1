"""Searching parts of a text by an index of its trigrams, in every script and whatever the locale of the cluster.

The function `diana_trigrams` of the database and `grams_of` here cut texts in the same way; decision 0046 says why they are
not those of pg_trgm.
"""

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.lookups import Contains, StartsWith


class Trigrams(Func):
    """The trigrams of a text in the database; an index on it needs the same text, as in `diana_trigrams(lower(reason))`."""

    function = "diana_trigrams"
    output_field = ArrayField(TextField())


class _Includes(Func):
    template = "(%(expressions)s)"
    arg_joiner = " @> "
    output_field = BooleanField()


def part_of(text: Combinable, part: str) -> Q:
    """Return the condition that the text contains the part; one or two letters must begin a word of it."""
    if len(part) > 2:
        return Q(_includes(text, grams_of(part))) & Q(Contains(text, part))
    begins = Q(StartsWith(text, part)) | Q(Contains(text, f" {part}"))
    return Q(_includes(text, grams_of(f" {part}"))) & begins


def grams_of(part: str) -> list[str]:
    """Return the trigrams of a part of a text; of one letter that begins a word there is a pair, with the space before it."""
    return sorted({part[start : start + 3] for start in range(max(1, len(part) - 2))})


def _includes(text: Combinable, grams: list[str]) -> _Includes:
    return _Includes(Trigrams(text), Value(grams, output_field=ArrayField(TextField())))
