"""Asking the admin for anything, as a superuser, on a database with a row in every table, in which nothing stays changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.users.models import Staff

REGISTRY = {model._meta.label: found for model, found in admin.site._registry.items()}
HUGE = "9" * 4400


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what is written meanwhile, also after an error of the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Asker:
    """A superuser's browser. What it is answered is never an error of the server's."""

    def __init__(self) -> None:
        staff, _ = Staff.objects.get_or_create(username="asker", defaults={"is_staff": True, "is_superuser": True})
        self.staff = staff
        self._client = Client(raise_request_exception=False)
        self._client.force_login(staff)
        self.broken: list[str] = []

    def get(self, address: str, **query: Any) -> HttpResponse:
        """Return the answer to a GET; note it if it is a 500."""
        return self._ask("get", address, query)

    def post(self, address: str, data: dict[str, Any]) -> HttpResponse:
        """Return the answer to a POST; note it if it is a 500."""
        return self._ask("post", address, data)

    def stranger(self, *, cookie: str) -> HttpResponse:
        """Return what a browser is answered that only has this cookie; note it if it is a 500."""
        browser = Client(raise_request_exception=False, headers={"cookie": cookie})
        with taken_back():
            return self._noted(browser.get("/admin/"), f"cookie {cookie}")

    def _ask(self, method: str, address: str, data: dict[str, Any]) -> HttpResponse:
        with taken_back():
            answer: HttpResponse = getattr(self._client, method)(address, data)
        short = {name: str(value)[:40] for name, value in data.items() if str(value) != ""}
        return self._noted(answer, f"{method} {address[:90]} {short}")

    def _noted(self, answer: HttpResponse, asked: str) -> HttpResponse:
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.broken.append(f"{asked}: {error and repr(error[1])[:200]}")
        return answer


def routes() -> list[str]:
    """Return all addresses of the project, with their parameters' names."""
    return list(_routes(get_resolver().url_patterns, "/"))


def _routes(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, before + str(pattern.pattern))
        else:
            yield before + str(pattern.pattern)


def list_of(found: admin.ModelAdmin[Any]) -> str:
    """Return the address of the list of a model."""
    return f"/admin/{found.opts.app_label}/{found.opts.model_name}/"


def model_of(route: str) -> admin.ModelAdmin[Any]:
    """Return the admin whose page the address is."""
    app, model = route.split("/")[2:4]
    (found,) = [found for label, found in REGISTRY.items() if label.lower() == f"{app}.{model}"]
    return found
