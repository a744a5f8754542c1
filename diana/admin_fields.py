"""Fields of forms in the admin in which what the database cannot hold is an error of the field, and not of the server."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect as DjangoAutocompleteSelect
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from diana.column_values import is_id, is_storable


class AutocompleteSelect(DjangoAutocompleteSelect):
    """Rows of another table, which are looked for while somebody types. What is no id is shown as nothing."""

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> Any:  # type: ignore[override]
        """Return the chosen row."""
        return super().optgroups(name, [word for word in value if is_id(self.field, str(word))], attr)


class DocumentField(forms.JSONField):
    """A JSON document that PostgreSQL can keep: finite numbers, no NUL, no half of a surrogate pair, not endlessly deep."""

    def to_python(self, value: Any) -> Any:
        """Return the document. Raise ValidationError for what is none."""
        try:
            document = super().to_python(value)
            kept = _is_storable(document)
        except (ValueError, RecursionError):
            kept = False
        if not kept:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "…"})
        return document

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was sent, to be shown again."""
        try:
            document = super().bound_data(data, initial)
            return document if _is_storable(document) else InvalidJSONInput(data)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


def _is_storable(document: Any) -> bool:
    """Say whether PostgreSQL could hold the document. Raises ValueError for NaN, RecursionError for what is too deep."""
    json.dumps(document, allow_nan=False)
    return all(map(is_storable, _texts(document)))


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
