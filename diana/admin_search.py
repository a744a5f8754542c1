"""Searches of the admin that use an index: each thing that a term may be is looked up alone, in its column's own type.

Django's own "=path" compares UPPER(column::text), which reads the whole table; an OR over two tables reads one of them whole.
"""

from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from diana.column_values import is_storable, value_of
from diana.trigrams import part_of

# More is no search, but could take long.
LONGEST_TERM = 1000
MOST_WORDS = 10


class _EqualsAny(Func):
    """`a = ANY(array)`. The array is read first and once, so that the list is read by its keys and never walked through."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


class SearchForm(ChangeListSearchForm):
    """The search field of a list. A NUL finds nothing, as other characters do that nothing has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields[SEARCH_VAR]
        field.validators = [v for v in field.validators if not isinstance(v, ProhibitNullCharactersValidator)]


class IndexedSearch:
    """For admins with `search_fields`. Every word of a term must be found by one of them:

    - "=path" is the column's value: a whole number, a UUID, or exactly this text;
    - "~path" is a part of a text with an index on `diana_trigrams(lower(column))`;
    - "path" is a part of a text without one: for tables that hold no more than staff have written.

    A word that a column cannot hold is not looked for there. For anything else override `search_alternatives`.
    """

    search_fields: tuple[str, ...]

    def search_alternatives(self, model: type[Model], word: str) -> list[Q]:
        """Return what the word may mean; each condition is looked up by itself."""
        return [found for path in self.search_fields if (found := _alternative(model, path, word)) is not None]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows in which every word is found, none of them twice."""
        if not search_term.strip():
            return queryset, False
        words = words_of(search_term)
        if not words or len(words) > MOST_WORDS:
            return queryset.none(), False
        for word in words:
            alternatives = self.search_alternatives(queryset.model, word) if is_storable(word) else []
            if not alternatives:
                return queryset.none(), False
            queryset = queryset.filter(_one_of(queryset.model, alternatives))
        return queryset, False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list with the search field that takes every term."""
        base: type[ChangeList] = super().get_changelist(request, **kwargs)  # type: ignore[misc]  # of the admin beside it
        return type(base.__name__, (base,), {"search_form_class": SearchForm})


def words_of(term: str) -> list[str]:
    """Return the words of a search term; quotes keep words together. None of a term that is too long."""
    if len(term) > LONGEST_TERM:
        return []
    quoted = ((word, word[0] in "\"'" and len(word) > 1 and word[0] == word[-1]) for word in smart_split(term))
    found = [unescape_string_literal(word) if is_quoted else word for word, is_quoted in quoted]
    return [word for word in found if word.strip()]


def _one_of(model: type[Model], alternatives: list[Q]) -> _EqualsAny:
    rows = model._base_manager
    first, *others = [rows.filter(alternative).values("pk") for alternative in alternatives]
    return _EqualsAny(F("pk"), ArraySubquery(first.union(*others, all=True) if others else first))


def _alternative(model: type[Model], path: str, word: str) -> Q | None:
    if path.startswith("="):
        value = value_of(_field(model, path[1:]), word)
        return None if value is None else Q(**{path[1:]: value})
    if path.startswith("~"):
        return part_of(Lower(F(path[1:])), word.lower())
    return Q(**{f"{path}__icontains": word})


def _field(model: type[Model], path: str) -> Field[Any, Any]:
    """Return the field at the end of a path, with the type of what it refers to."""
    for part in path.split("__"):
        field: Any = model._meta.get_field(part)
        model = field.related_model or model
    found: Field[Any, Any] = field
    return found
