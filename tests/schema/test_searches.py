"""Every search of the admin uses an index, whatever is searched for, and finds what it says."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model
from django.test import RequestFactory
from pytest_django.plugin import DjangoDbBlocker

from apps.users.models import Staff
from diana.admin_search import IndexedSearch
from tests.conftest import database_named

# Lists of what staff have written themselves, which are read whole: dozens of rows, for ever.
WITHOUT_INDEX = {
    "gamification.Rule": "a rule is code and a version of its numbers: dozens",
    "gamification.Achievement": "each is thought out by somebody: dozens",
    "users.Staff": "logins of those who work here",
    "auth.Group": "the roles",
}
SEARCHED = {model._meta.label: found for model, found in admin.site._registry.items() if found.search_fields}
INDEXED = {label: found for label, found in SEARCHED.items() if label not in WITHOUT_INDEX}
# Characters that the search field shows.
FITS = 46
# Columns in which the rows of these tests hold nothing.
EMPTY = {
    ("payments.GiftCode", "redeemed_by"),
    ("payments.ToldRefund", "person"),
    ("gamification.StaffRequest", "decided_by"),
    ("bot.Update", "event_id"),
}
TERMS = ["17", "0197f0e4-5a5b-7c6d-8e9f-a0b1c2d3e4f5", "anna", "ann", "an", "a", "анна", "ан", "李", "ann 17", "game:1"]
ODD = {
    "a huge number": "9" * 5000,
    "a number of 64 bits and one": str(2**63),
    "below all": "-1",
    "below 64 bits": str(-(2**63) - 1),
    "two signs": "--1",
    "digits of another script": "١٧",
    "a digit that is no number": "²",
    "NUL": "a\0b",
    "NUL alone": "\0",
    "half a pair": "a\ud800",
    "a quote": '"',
    "an apostrophe": "'",
    "quotes of nothing": '""',
    "an open quote": '"zqx',
    "a backslash": "\\",
    "wild cards": "%%%",
    "a wild card": "%",
    "a statement": "'; SELECT 1 --",
    "a long word": "x" * 50_000,
    "many words": "zqx " * 50,
    "braces": "{}",
    "a date": "2026-11-29",
    "infinity": "1e400",
}


@pytest.fixture(scope="module")
def rows(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database with a row in every table as Django's own."""
    with django_db_blocker.unblock(), database_named(filled):
        yield


def listed(found: admin.ModelAdmin[Any], term: str) -> ChangeList:
    """Return the list as it is shown to a superuser who searches for the term."""
    request = RequestFactory().get("/", {"q": term})
    request.user = Staff(username="root", is_superuser=True, is_active=True, is_staff=True)
    return found.get_changelist_instance(request)


def plans(found: admin.ModelAdmin[Any], term: str) -> list[dict[str, Any]]:
    """Return PostgreSQL's plans of all that is read to show the list, without scans of whole tables where it can."""
    statements: list[tuple[str, Any]] = []

    def remember(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        shown = listed(found, term)
        list(shown.result_list)
        list(Paginator(shown.queryset, 1).page(1))
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        found_plans = [
            explained(cursor, sql, params) for sql, params in statements if found.model._meta.db_table in sql
        ]
        cursor.execute("RESET enable_seqscan")
    return found_plans


def explained(cursor: Any, sql: str, params: Any) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
    (answer,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def readings(plan: dict[str, Any], table: str) -> list[str]:
    """Return what in the plan reads a table from beginning to end: any by its rows, the list's own by an index too."""
    return [
        f"{node['Node Type']} on {node['Relation Name']}"
        for node in nodes(plan)
        if "Relation Name" in node
        and (
            node["Node Type"] == "Seq Scan"
            or (node["Relation Name"] == table and "Index" in node["Node Type"] and "Index Cond" not in node)
        )
    ]


def paths() -> Iterator[tuple[str, str]]:
    for label, found in INDEXED.items():
        for path in found.search_fields:
            if path.startswith("="):
                yield label, path[1:]


def test_there_are_lists_to_search() -> None:
    assert len(INDEXED) > 15
    assert set(WITHOUT_INDEX) < set(SEARCHED)


@pytest.mark.parametrize("label", SEARCHED)
def test_it_says_by_what_it_can_be_searched(label: str) -> None:
    told = SEARCHED[label].search_help_text
    assert told
    assert len(str(told)) <= FITS, "The search field cuts it off."


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("label", INDEXED)
def test_no_search_reads_a_whole_table(label: str) -> None:
    found = INDEXED[label]
    read = {
        term: [r for plan in plans(found, term) for r in readings(plan, found.model._meta.db_table)] for term in TERMS
    }
    assert {term: tables for term, tables in read.items() if tables} == {}


LEADING = """
SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = %s::regclass AND a.attname = %s AND i.indisvalid
    AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN ('', format('(%%I IS NOT NULL)', a.attname))
"""


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("label", "path"), list(paths()))
def test_a_column_that_is_searched_leads_an_index_of_all_its_rows(label: str, path: str) -> None:
    model: Any = INDEXED[label].model
    *relations, last = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    with connection.cursor() as cursor:
        cursor.execute(LEADING, [model._meta.db_table, model._meta.get_field(last).column])
        assert cursor.fetchone()[0] > 0, "An index on the column is missing, or leave it out of the search."


@pytest.mark.parametrize("label", SEARCHED)
def test_every_list_searches_in_the_same_way(label: str) -> None:
    assert isinstance(SEARCHED[label], IndexedSearch)
    assert label in WITHOUT_INDEX or all(str(path)[0] in "=~" for path in SEARCHED[label].search_fields)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(("label", "path"), list(paths()))
def test_what_a_row_holds_is_found_by_it(label: str, path: str) -> None:
    found = INDEXED[label]
    values = found.model._base_manager.exclude(**{f"{path}__isnull": True}).values_list("pk", path)[:5]
    assert bool(values) != ((label, path) in EMPTY), "Keep EMPTY right."
    for pk, value in values:
        assert pk in {row.pk for row in listed(found, str(value)).queryset}, value
        if isinstance(value, UUID):
            assert pk in {row.pk for row in listed(found, value.hex.upper()).queryset}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("label", SEARCHED)
def test_an_odd_term_finds_nothing_and_breaks_nothing(label: str) -> None:
    found = SEARCHED[label]
    everything = found.model._base_manager.all()
    for name, odd in ODD.items():
        if "\ud800" not in odd:  # an address cannot hold it
            rows: list[Model] = list(listed(found, odd).result_list)
            assert rows == [], name
        assert list(found.get_search_results(RequestFactory().get("/"), everything, odd)[0]) == [], name
