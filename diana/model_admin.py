"""The admin of every model: a list is filtered by what it shows, and what is no id or value is not found or a message.

Django lets whoever sees a list filter it by every column of its model, also by those that no page shows, and raises errors for
ids that the database cannot hold. All admins of the project are made from these classes; a test looks at the whole registry.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.db import DataError
from django.db.models import Field, JSONField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.views import ChangeList as UnfoldChangeList

from diana.admin_fields import AutocompleteSelect, DocumentField
from diana.column_values import is_id

View = Callable[..., HttpResponse]
# More digits are no page of anything.
LONGEST_PAGE = 9


class ChangeList(UnfoldChangeList):  # type: ignore[misc]  # unfold has no types
    """A list that is filtered by its filters, its days and what links to it ask for, and by nothing else."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Return Django's filters. Raise what Django answers with 400 for a parameter that none of them takes."""
        values = [value for values in self.get_filters_params().values() for value in values]
        if any("\0" in value for value in values):
            raise IncorrectLookupParameters
        try:
            found = super().get_filters(request)
        except (ValueError, OverflowError) as error:  # a date that there is not
            raise IncorrectLookupParameters from error
        hidden = set(found[2]) - self._bounds_of_days() - set(self.model_admin.linked)
        if hidden:
            raise DisallowedModelAdminLookup(f"Filtering by {', '.join(sorted(hidden))} is not allowed")
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read the page. A value that the database cannot compare with is a message."""
        try:
            super().get_results(request)
        except (DataError, OverflowError, ValueError) as error:
            raise IncorrectLookupParameters from error

    def _bounds_of_days(self) -> set[str]:
        """Return what Django makes of the year, month and day of `date_hierarchy`."""
        if not self.date_hierarchy or f"{self.date_hierarchy}__year" not in self.params:
            return set()
        return {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"}


class ModelAdmin(UnfoldModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The admin of a model.

    `linked` names the lookups beside those of the filters that links of other pages use, each of a column that the list shows;
    `prefilled` the fields of a new row that an address may fill in.
    """

    linked: tuple[str, ...] = ()
    prefilled: tuple[str, ...] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DjangoChangeList]:
        """Return the list that is filtered by what it shows."""
        return ChangeList

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Let rows be referred to by their primary key alone."""
        return bool(to_field == self.opts.pk.name or to_field == self.opts.pk.attname)

    def get_urls(self) -> list[URLPattern]:
        """Return the model's addresses; those of a row are not found where its id is none."""
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            if "object_id" in pattern.pattern.converters:
                pattern.callback = self._of_a_row(pattern.callback)
        return patterns

    def _of_a_row(self, view: View) -> View:
        @wraps(view)
        def found(request: HttpRequest, object_id: str, **arguments: Any) -> HttpResponse:
            if self.admin_site.has_permission(request) and not self.is_address(object_id):
                raise Http404
            return view(request, object_id=object_id, **arguments)

        return found

    def is_address(self, object_id: str) -> bool:
        """Say whether a row could have this id, as addresses write it: "_5F" in the key of a rule is an underscore."""
        word = unquote(object_id)
        return is_id(self.opts.pk, word) and (word == object_id or not word.isdigit())

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Act on the chosen rows; what is no id was not chosen from the list."""
        if not all(is_id(self.opts.pk, word) for word in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(request, _("Nothing was done: choose rows from the list."), messages.ERROR)
            return None
        answer: HttpResponse | None = super().response_action(request, queryset)
        return answer

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the address fills in, as far as this admin lets it and it is a value of the field."""
        given = ((name, request.GET.get(name, "")) for name in self.prefilled)
        return {name: word for name, word in given if is_id(self.opts.get_field(name), word)}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return a field; one that offers rows while somebody types shows what is no id as nothing."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", AutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Return a field of the form; in one of a document, what PostgreSQL cannot keep is an error of the form."""
        if isinstance(db_field, JSONField):
            kwargs.setdefault("form_class", DocumentField)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class PagedFormSet(PaginationInlineFormSet):  # type: ignore[misc]  # unfold has no types
    """Rows in pages. What is no number of a page is the first."""

    def get_page_num(self) -> int:
        """Return the page that is asked for."""
        word = self.request.GET.get(self.get_pagination_key(), "")
        if not word.isascii() or not word.isdigit() or len(word) > LONGEST_PAGE:
            return 1
        return int(word) or 1


class TabularInline(UnfoldTabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows of another model on the page of one."""

    model: type[Model]
    formset = PagedFormSet
