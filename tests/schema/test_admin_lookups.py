"""Staff can filter and sort a list by what it shows, and by nothing else: each answer is a word about a hidden column."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Field, OrderBy
from django.http import QueryDict
from django.test import RequestFactory
from pytest_django.plugin import DjangoDbBlocker

from apps.users.models import Staff
from diana.model_admin import ModelAdmin
from tests.conftest import database_named
from tests.schema.asking import REGISTRY, Asker, list_of, taken_back

ROOT = Staff(username="root", is_superuser=True, is_active=True, is_staff=True)
LOOKUPS = ("", "__exact", "__contains", "__startswith", "__gt", "__in", "__isnull", "__regex", "__year", "__nonsense")
"""One of each kind; those that a column's type lacks are no less refused."""
DEEP = ("", "__contains", "__isnull")


@pytest.fixture(scope="module", autouse=True)
def asker(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Asker]:
    """A superuser's browser on the database with a row in every table."""
    with django_db_blocker.unblock(), database_named(filled), taken_back():
        yield Asker()


def listed(found: admin.ModelAdmin[Any], query: dict[str, str] | str) -> Any:
    """Return the list as it is shown for a query."""
    request = RequestFactory().get("/", QueryDict(query) if isinstance(query, str) else query)
    request.user = ROOT
    return found.get_changelist_instance(request)


def columns(model: Any) -> list[Field[Any, Any]]:
    return [*model._meta.concrete_fields, *model._meta.many_to_many]


def lookups(model: Any) -> Iterator[str]:
    """Return ways to ask for each column of the model, and of those that it refers to or that refer to it."""
    for field in columns(model):
        for name in {field.name, getattr(field, "attname", field.name)}:
            yield from (f"{name}{lookup}" for lookup in LOOKUPS)
    for relation in model._meta.get_fields():
        if relation.is_relation and relation.related_model:
            for field in columns(relation.related_model):
                yield from (f"{relation.name}__{field.name}{lookup}" for lookup in DEEP)


def offered(found: admin.ModelAdmin[Any]) -> set[str]:
    """Return the parameters of the filters that the list has, those that are asked for here."""
    # A filter with a single choice is not shown, and takes its parameter all the same.
    parameters: set[str] = set(getattr(found, "linked", ()))
    for item in found.list_filter:
        name = item[0] if isinstance(item, tuple) else getattr(item, "parameter_name", item)
        parameters |= {f"{name}{lookup}" for lookup in ("", "__exact", "__isnull")}
    return parameters | {f"{found.date_hierarchy}__year"}


@pytest.mark.parametrize("label", REGISTRY)
def test_the_admin_of_a_model_is_one_of_ours(label: str) -> None:
    assert isinstance(REGISTRY[label], ModelAdmin)


@pytest.mark.parametrize("label", REGISTRY)
def test_a_list_is_filtered_by_what_it_offers_and_by_nothing_else(label: str) -> None:
    found = REGISTRY[label]
    shown, allowed, answered = listed(found, {}), offered(found), []
    request = RequestFactory().get("/")
    request.user = ROOT
    for lookup in lookups(found.model):
        if lookup not in allowed:
            # As its constructor does with a request's: some lists read much before they look at that.
            shown.params, shown.filter_params = {lookup: "1"}, {lookup: ["1"]}
            try:
                shown.get_filters(request)
            except (DisallowedModelAdminLookup, IncorrectLookupParameters):
                continue
            answered.append(lookup)
    assert answered == []


@pytest.mark.parametrize("label", [label for label, found in REGISTRY.items() if found.list_filter])
def test_every_link_of_a_filter_works(label: str) -> None:
    found = REGISTRY[label]
    shown = listed(found, {})
    links = [choice["query_string"] for spec in shown.filter_specs for choice in spec.choices(shown)]
    for link in links:
        listed(found, link.removeprefix("?"))


def test_days_of_a_list_are_links() -> None:
    found = REGISTRY["bot.Refusal"]
    for link in ("day__year=2026", "day__year=2026&day__month=11", "day__day=29&day__month=11&day__year=2026"):
        listed(found, link)
    for link in ("day__month=11", "day__gte=2026-11-01", "day__year__gte=2026"):
        with pytest.raises(DisallowedModelAdminLookup):
            listed(found, link)


def test_links_from_other_pages_work_and_ask_for_what_is_shown() -> None:
    records = REGISTRY["audit.AuditRecord"]
    listed(records, {"object_type__exact": "users.Person", "object_id__exact": "1", "act": "x"})
    for found in REGISTRY.values():
        for lookup in getattr(found, "linked", ()):
            assert lookup.removesuffix("__exact") in found.list_display
            assert lookup.endswith("__exact")


@pytest.mark.parametrize("label", REGISTRY)
def test_a_list_is_sorted_by_what_it_shows(label: str) -> None:
    found = REGISTRY[label]
    shown = listed(found, {})
    visible = _visible(found)
    for column in shown.list_display:
        by = shown.get_ordering_field(column)
        by = by.expression if isinstance(by, OrderBy) else by
        path = by.name if isinstance(by, F) else by
        for name in _resolved(found.model, path) if path else ():
            assert name in visible, f"{column} sorts by {name}, which nobody is shown."


def _resolved(model: Any, path: str) -> list[str]:
    """Return the columns by which a path sorts: those of a relation are the other model's own order."""
    first = path.lstrip("-").split("__")[0]
    try:
        field = model._meta.get_field(first)
    except FieldDoesNotExist:
        return []  # counted or looked up for the list
    order = field.related_model._meta.ordering if field.is_relation and field.name == first else ()
    return [first] if not order else [f"{first}__{name.lstrip('-')}" for name in order if isinstance(name, str)]


def _visible(found: admin.ModelAdmin[Any]) -> set[str]:
    fields = flatten_fieldsets(found.fieldsets) if found.fieldsets else [*(found.fields or ())]
    flat = [name for part in fields for name in (part if isinstance(part, list | tuple) else [part])]
    flat += [field.name for field in found.opts.concrete_fields if field.attname in (*flat, *found.list_display)]
    filters = [item[0] if isinstance(item, tuple) else item for item in found.list_filter]
    return {"id", *map(str, flat), *map(str, filters), *map(str, found.list_display)}


@pytest.mark.parametrize("label", REGISTRY)
def test_a_row_is_referred_to_by_its_id(label: str) -> None:
    found = REGISTRY[label]
    request = RequestFactory().get("/")
    request.user = ROOT
    taken = {field.name for field in columns(found.model) if found.to_field_allowed(request, field.name)}
    assert taken == {found.opts.pk.name}


def test_whoever_asks_for_more_is_refused(asker: Asker) -> None:
    updates = list_of(REGISTRY["bot.Update"])
    for query in (
        {"body__contains": "00"},
        {"body__contains": "00", "e": "1"},
        {"body__contains": "00", "_popup": "1", "_facets": "True", "q": "1", "o": "1", "all": ""},
        {"person_id__exact": "1", "kind": "message"},
        {"_to_field": "body"},
        {"_changelist_filters": "body__contains=00"},
        {"nonsense": "1"},
    ):
        assert asker.get(updates, **query).status_code == 400
    assert asker.broken == []


def test_rows_are_offered_to_fields_that_ask_for_them(asker: Asker) -> None:
    grant = {"app_label": "users", "model_name": "grant", "field_name": "person", "term": ""}
    assert asker.get("/admin/autocomplete/", **grant).status_code == 200
    for other in (
        {"field_name": "payment"},
        {"model_name": "referral", "field_name": "invitee"},
        {"model_name": "person", "field_name": "grants"},
        {"model_name": "staff", "field_name": "groups"},
        {"app_label": "admin", "model_name": "logentry", "field_name": "user"},
        {"app_label": "nonsense"},
        {"field_name": "id"},
    ):
        assert asker.get("/admin/autocomplete/", **grant | other).status_code == 403
    assert asker.broken == []
