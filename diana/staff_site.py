"""The admin's site: it offers rows only to fields that ask for them, and takes every page number."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver
from unfold.sites import UnfoldAdminSite


class OfferedRows(AutocompleteJsonView):
    """Rows for the fields that admins name in `autocomplete_fields`; Django offers them to every relation of every model."""

    def process_request(self, request: HttpRequest) -> Any:
        """Return what is asked for. Raise PermissionDenied for a field that does not ask."""
        found = super().process_request(request)
        field = found[2]
        asker = self.admin_site._registry.get(field.model) if self.admin_site else None
        if asker is None or field.name not in asker.get_autocomplete_fields(request):
            raise PermissionDenied
        return found


class StaffSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """The site on which all admins of the project are registered."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses, without that of pages outside the admin: no row has one, and it tells which rows there are."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) != "view_on_site"]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Guard a view; no browser keeps its pages. Only the translations of scripts, which are everybody's, are kept."""
        guarded: Callable[..., Any] = super().admin_view(view, cacheable and view == self.i18n_javascript)
        return guarded

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        """Offer rows to a field."""
        return OfferedRows.as_view(admin_site=self)(request)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Find pages of the admin by their names."""
        try:
            answer: HttpResponse = super().search(request, extra_context)
        except (InvalidPage, ValueError) as error:
            raise Http404 from error
        return answer
