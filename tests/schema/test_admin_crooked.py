"""Whatever staff send to the admin, by mistake or to try it: they get a page, a message or "not found", never an error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django.plugin import DjangoDbBlocker

from diana.readonly import ReadOnly
from tests.conftest import database_named
from tests.schema.asking import HUGE, REGISTRY, Asker, list_of, model_of, routes, taken_back

WORDS = [
    "abc",
    "None",
    "1\0",
    "1_5",
    "1_5F",
    "_31",
    HUGE,
    str(2**63),
    str(-(2**63) - 1),
    "-1",
    "１",
    "²",
    "🎉",
    "1e400",
]
"""What is no id, what only looks like one, and ids that no row has."""
NUL = "1%00"
"""No number, and no text that PostgreSQL holds: enough for each address."""
RAW = ["%ED%A0%80", "%FF", "%20", "a/b", "..%2F1", "%F0%9F%8E%89", "<b>", "'"]
OURS = [route for route in routes() if route.startswith("/admin/")]
OF_ROWS = [route for route in OURS if "object_id>" in route or "<id>" in route]
OF_EACH_KIND = [
    "/admin/users/person/<path:object_id>/change/",  # a number
    "/admin/users/person/<path:object_id>/vip/",
    "/admin/gamification/multiplierversion/<path:object_id>/change/",  # one that is never negative
    "/admin/gamification/account/<path:object_id>/change/",  # one of another table
    "/admin/gamification/rule/<path:object_id>/change/",  # a text
]
"""All of WORDS and RAW go to these."""
PAGES = [route for route in OURS if "<" not in route and "logout" not in route]
ACTS = [
    route
    for route in OURS
    if route.rpartition("/")[0].rpartition("/")[2] not in ("history", "delete", "")
    and ("object_id>/" in route or route.endswith(("/add/", "/add-window/", "/grant-many/")))
    and not route.endswith("object_id>/")
    and not (route.endswith("/change/") and isinstance(model_of(route), ReadOnly))
]
FLAT = "[" * 100_000
DOCUMENTS = [
    "null", "1", "true", '"x"', "[]", "{}", "[null]", "[1]", '["x"]', "[[]]", "[{}]", '{"x": null}', '{"": []}',
    HUGE, f"[{HUGE}]", "NaN", "[Infinity]", "-1e999", '"\\u0000"', '{"a\\u0000": 1}', '["\\ud800"]', FLAT, "{", "\0",
]  # fmt: skip
EMPTY = {"null", "[]", "{}"}
NUMBERS = (forms.IntegerField, forms.DecimalField, forms.SplitDateTimeField)
EXTREMES: list[dict[type[forms.Field], Any]] = [
    {forms.IntegerField: 2**63, forms.SplitDateTimeField: ("9999-12-31", "23:59:59"), forms.CharField: "🎉" * 20},
    {forms.IntegerField: -(2**63), forms.SplitDateTimeField: ("0001-01-01", "00:00:00"), forms.CharField: "a\u202eb"},
    {forms.IntegerField: 3660, forms.SplitDateTimeField: ("9999-12-31", "23:59:59"), forms.DecimalField: "1000"},
]


@pytest.fixture(scope="module", autouse=True)
def asker(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Asker]:
    """A superuser's browser on the database with a row in every table."""
    with django_db_blocker.unblock(), database_named(filled), taken_back():
        yield Asker()


@pytest.fixture(autouse=True)
def never_broken(asker: Asker) -> Iterator[None]:
    """Fail with all that was answered by an error."""
    asker.broken.clear()
    yield
    assert asker.broken == []


def with_id(route: str, word: str) -> str:
    return route.replace("<path:object_id>", word).replace("<path:content_type_id>", word).replace("<id>", word)


def a_row_of(route: str) -> str:
    """Return the address with the id of a row that there is."""
    row = model_of(route).model._base_manager.order_by("pk").first()
    return with_id(route, str(row.pk))


def test_a_crooked_id_is_not_found(asker: Asker) -> None:
    assert len(OF_ROWS) > 140
    assert set(OF_EACH_KIND) < set(OF_ROWS)
    for route in OF_ROWS:
        every = [*WORDS, *RAW] if route in OF_EACH_KIND else [NUL]
        for word in every:
            answer = asker.get(with_id(route, word))
            assert answer.status_code in (301, 302, 403, 404), (route, word[:40])
    for route in ACTS:
        if "object_id" in route:
            asker.post(with_id(route, NUL), {"reason": "x", "key": "1"})


def test_a_crooked_query_is_a_message(asker: Asker) -> None:
    crooked = {"p": HUGE, "o": f"{HUGE}.--1.x.²", "q": "1\0", "all": "", "_facets": "1", "_popup": "1"}
    for found in REGISTRY.values():
        request = RequestFactory().get("/", crooked | {"q": ""})
        request.user = asker.staff
        found.get_changelist_instance(request)
        assert asker.get(list_of(found), p="-1", o="-", q=HUGE, e="1", nonsense="1").status_code == 400
        assert asker.get(list_of(found), **{"\0": "\0"}).status_code == 302
    for label in ("users.Person", "bot.Refusal", "bot.Group"):  # filters and actions, days, a title of its own
        for query in (crooked, {"p": "-1", "o": "-", "q": HUGE, "e": "1"}, {"p": "²", "o": "²", "all": "1"}):
            assert asker.get(list_of(REGISTRY[label]), **query).status_code == 200
        asker.get(list_of(REGISTRY[label]), _changelist_filters="\0[&;=%", _to_field="\0")


def filters() -> Iterator[tuple[str, str, list[str]]]:
    """Return the address of a list, a parameter of one of its filters, and what that may fail at."""
    for found in REGISTRY.values():
        for item in found.list_filter:
            name = item[0] if isinstance(item, tuple) else getattr(item, "parameter_name", item)
            field = {f.name: f for f in found.opts.get_fields()}.get(name)
            if field is None:
                yield list_of(found), name, ["1\0"]
            elif isinstance(item, tuple):
                yield list_of(found), f"{name}__isempty", ["1\0"]
            elif field.is_relation:
                yield list_of(found), f"{name}__{field.target_field.name}__exact", ["1\0", HUGE, "²"]
            elif isinstance(field, models.DateTimeField):
                for lookup in ("gte", "lt", "isnull"):
                    yield list_of(found), f"{name}__{lookup}", ["1\0", HUGE, "0001-01-01 00:00:00+14:00"]
            else:
                yield list_of(found), f"{name}__exact" if field.choices else name, ["1\0"]


def test_a_crooked_value_of_a_filter_is_a_message(asker: Asker) -> None:
    for page, parameter, words in filters():
        for word in words:
            asker.get(page, **{parameter: word})
    days = list_of(REGISTRY["bot.Refusal"])
    for year in ("9999", "0", "-1", HUGE, "9" * 100, "x", "１"):
        asker.get(days, day__year=year)
    for month, day in (("12", "31"), ("13", "1"), ("2", "30"), ("9" * 100, ""), ("x", "x")):
        asker.get(days, day__year="9999", day__month=month, day__day=day)


def test_a_crooked_choice_of_rows_is_a_message(asker: Asker) -> None:
    request = RequestFactory().get("/")
    request.user = asker.staff
    offered = [(list_of(found), action) for found in REGISTRY.values() for action in found.get_actions(request)]
    assert len(offered) > 3
    for page, action in offered:
        for words in (["1\0"], ["abc", "1"], [HUGE], [str(2**63)], ["1_5"], ["🎉"]):
            sent = {"action": action, "index": HUGE, "select_across": "x", ACTION_CHECKBOX_NAME: words}
            assert asker.post(page, sent | {"reason": "x"}).status_code == 302, (page, words)
    asker.post(list_of(REGISTRY["events.Failure"]), {"action": "redrive", ACTION_CHECKBOX_NAME: ["1"], "reason": "\0"})


def test_a_crooked_page_is_the_first_or_none(asker: Asker) -> None:
    for word in ("²", HUGE, "-1"):
        asker.get("/admin/search/", s="u", page=word)
        asker.get(
            "/admin/autocomplete/", app_label="users", model_name="grant", field_name="person", page=word, term=word
        )
        asker.get("/admin/autocomplete/", app_label=word, model_name=word, field_name=word)
        for found in REGISTRY.values():
            for inline in found.inlines:
                if inline.per_page:
                    name = inline(found.model, found.admin_site).get_formset(None).get_default_prefix()
                    page = a_row_of(f"{list_of(found)}<path:object_id>/change/")
                    assert asker.get(page, **{f"{name}-page": word}).status_code == 200


def test_what_an_address_fills_in_is_a_value_or_nothing(asker: Asker) -> None:
    for route in ACTS:
        answer = asker.get(route) if "object_id" not in route else None
        if answer and answer.status_code == 200:
            for word in ("abc", "1\0"):
                query = dict.fromkeys(["people", *fields_of(answer)], word)
                assert asker.get(route, **query).status_code == 200, route


def test_other_addresses_take_anything(asker: Asker) -> None:
    everywhere = {"next": "\0//[", "app_label": "\0", "s": "\0", "page": HUGE, "_popup": "\0", "_to_field": "id"}
    for page in [*PAGES, *(route for route in routes() if not route.startswith("/admin/") and "webhook" not in route)]:
        asker.get(page, **everywhere)
    for page in (
        "/admin/nonsense%00/",
        "/admin/bot%00/",
        "/%00",
        "/health/live%00",
        "/metrics/..%2f",
        "/admin/r/1/1%00/",
    ):
        asker.get(page)
    for page in ("/admin/login/", "/admin/password_change/"):
        for word in ("\0", HUGE, "🎉"):
            asker.post(page, dict.fromkeys(("username", "password", "old_password", "new_password1", "next"), word))


def test_a_crooked_cookie_is_none(asker: Asker) -> None:
    for word in ('"abcdefgh\\000"', "a" * 5000, "' OR 1=1 --", '"\\377\\000"'):
        for name in ("sessionid", "csrftoken", "messages", "django_language"):
            assert asker.stranger(cookie=f"{name}={word}").status_code == 302


def fields_of(answer: HttpResponse) -> dict[str, forms.Field]:
    """Return the fields of the form that a page shows."""
    context: Any = answer.context or {}
    if "adminform" in context:
        return dict(context["adminform"].form.fields)
    return dict(context["form"].fields) if "form" in context else {}


def as_sent(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as browsers send them: a moment has two parts, nothing is left out."""
    parts = {f"{name}_{i}": part for name, v in values.items() if isinstance(v, tuple) for i, part in enumerate(v)}
    return parts | {name: v for name, v in values.items() if not isinstance(v, tuple) and v is not None}


def plausible(field: forms.Field, extremes: dict[type[forms.Field], Any]) -> Any:
    """Return something that the field takes."""
    if isinstance(field, forms.ModelMultipleChoiceField | forms.TypedMultipleChoiceField):
        return []
    if isinstance(field, forms.ModelChoiceField):
        return getattr(field.queryset.order_by("pk").first(), "pk", "")
    if isinstance(field, forms.ChoiceField):
        return next((value for value, _ in field.choices if value), "")
    if isinstance(field, forms.RegexField):
        return "k1"
    for kind, value in extremes.items():
        if type(field) is kind:
            return value
    if isinstance(field, forms.JSONField):
        return "{}"
    if isinstance(field, forms.SplitDateTimeField):
        return ("2030-01-01", "00:00:00")
    return 1 if isinstance(field, forms.IntegerField | forms.DecimalField) else "reason"


def submit(asker: Asker, address: str, data: dict[str, Any]) -> None:
    """Send the form; if it is shown what it would do, confirm that."""
    answer = asker.post(address, data)
    shown = (answer.context or {}).get("shown") if answer.status_code == 200 else None
    if shown:
        asker.post(address, data | {"shown": shown})
    elif "/ruleversion/" in address or "/achievementversion/" in address:
        asker.post(address, data | {"_previewed": "1", "confirmed": "1"})


@pytest.mark.parametrize("route", ACTS)
def test_what_a_form_cannot_hold_is_an_error_of_its_field(asker: Asker, route: str) -> None:
    address = a_row_of(route)
    fields = fields_of(asker.get(address))
    if not fields:
        return
    split = {name for name, field in fields.items() if isinstance(field, forms.SplitDateTimeField)}
    words = {name: HUGE if isinstance(field, NUMBERS) else "1\0" for name, field in fields.items()}
    asker.post(address, as_sent({name: (word, word) if name in split else word for name, word in words.items()}))
    counted = any(isinstance(field, NUMBERS) for field in fields.values())
    for extremes in EXTREMES if counted else EXTREMES[:1]:
        values = {name: plausible(field, extremes) for name, field in fields.items()}
        if "people" in fields:
            values["people"] = "1,999999999999999999"
        submit(asker, address, as_sent(values))


@pytest.mark.parametrize(
    "label", ["gamification.RuleVersion", "gamification.MultiplierVersion", "gamification.AchievementVersion"]
)
def test_a_document_of_any_shape_is_saved_or_refused(asker: Asker, label: str) -> None:
    found = REGISTRY[label]
    request = RequestFactory().get("/")
    request.user = asker.staff
    form_class = found.get_form(request)
    row = found.model._base_manager.order_by("pk").first()
    kept = {name: value for name, value in model_to_dict(row).items() if name in form_class.base_fields}
    documents = [name for name, field in form_class.base_fields.items() if isinstance(field, forms.JSONField)]
    data = as_sent(kept | {"reason": "x", "active_from": ("2030-01-01", "00:00:00")})
    data |= {name: json.dumps(kept[name]) for name in documents}
    assert form_class(data).is_valid(), "Or nothing is refused for its document."
    saved = set()
    for name in documents:
        for document in DOCUMENTS:
            form = form_class(data | {name: document})
            str(form[name]).encode()
            if form.is_valid():
                saved.add(document)
            if form.is_valid() and document not in EMPTY:
                submit(asker, f"{list_of(found)}add/", data | {name: document})
    assert saved <= {*EMPTY, "true", "1", HUGE}
