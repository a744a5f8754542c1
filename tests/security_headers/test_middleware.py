"""Headers of the web process: every address, static files, errors."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from unfold.settings import CONFIG_DEFAULTS

from apps.users.models import Staff
from diana.health import views
from tests.door import DoorClient
from tests.security_headers.expected import assert_protected, directives

# Scripts and styles within a page, and attributes that hold a script.
INLINE = re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)|<style|<[^>]*\son[a-z]+=\"", re.IGNORECASE)

STATIC = "/static/unfold/js/app.js"


def headers(client: Client, address: str, **more: bool) -> Mapping[str, str]:
    """Return the headers of an answer whose file, if it is one, is closed."""
    with closing(client.get(address, **more)) as answer:
        return answer.headers


def addresses(entries: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Yield an address for each pattern, with something in place of what varies."""
    for entry in entries:
        pattern = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", "1", str(entry.pattern)).strip("^$")
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + pattern)
        else:
            yield prefix + pattern


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


@pytest.fixture
def stranger() -> Client:
    """A browser without an account; an error of the server is an answer like others."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def test_every_address_has_the_headers(stranger: Client, db: None) -> None:
    found = list(addresses(get_resolver().url_patterns))
    assert {"/", "/health/live", "/metrics", "/admin/login/"} <= set(found)
    assert len(found) > 100
    for address in found:
        assert_protected(headers(stranger, address), address)


def test_every_address_of_the_door_has_them(settings: Any, db: None) -> None:
    settings.ROOT_URLCONF, settings.MIDDLEWARE = settings.DOOR_URLCONF, settings.DOOR_MIDDLEWARE
    door = Client(raise_request_exception=False)
    found = list(addresses(get_resolver(settings.DOOR_URLCONF).url_patterns))
    assert found == ["/telegram/webhook", "/health/live", "/health/ready", "/metrics"]
    for address in [*found, "/admin/login/", "/static/unfold/js/app.js", "/"]:
        assert_protected(headers(door, address), address)
        assert (door.get(address).status_code == 404) is (address not in found), address
    assert not door.get("/health/live").cookies
    with CaptureQueriesContext(connection) as queries:
        assert door.get("/health/live").status_code == 200
    assert not list(queries)


@pytest.mark.parametrize(
    ("status", "method", "address", "more"),
    [
        (200, "GET", STATIC, {}),
        (404, "GET", "/static/nothing.js", {}),
        (400, "GET", "/health/live", {"headers": {"Host": "elsewhere.example"}}),
        (403, "POST", "/admin/login/", {}),
        (404, "GET", "/nothing", {}),
        (404, "POST", "/telegram/webhook", {}),
    ],
)
def test_errors_and_static_files_have_them(
    stranger: Client, db: None, status: int, method: str, address: str, more: dict[str, object]
) -> None:
    answer = stranger.generic(method, address, **more)
    answer.close()
    assert answer.status_code == status
    assert_protected(answer.headers, f"{status} {address}")


@pytest.mark.parametrize(
    ("status", "method", "more"),
    [
        (403, "POST", {}),
        (405, "GET", {}),
        (
            413,
            "POST",
            {
                "headers": {"X-Telegram-Bot-Api-Secret-Token": settings.TELEGRAM_WEBHOOK_SECRET},
                "content_type": "application/json",
                "data": b"0" * (2 << 20),
            },
        ),
    ],
)
def test_what_the_webhook_refuses_has_them(db: None, status: int, method: str, more: dict[str, object]) -> None:
    answer = DoorClient().generic(method, "/telegram/webhook", **more)
    assert answer.status_code == status
    assert_protected(answer.headers, str(status))


def test_an_error_of_the_server_has_them(stranger: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "examiner", None)
    answer = stranger.get("/health/ready")
    assert answer.status_code == 500
    assert_protected(answer.headers, "500")


def test_scripts_may_be_evaluated_in_the_admin_alone(stranger: Client) -> None:
    assert directives(stranger.get("/admin/login/").headers)["script-src"] == ["'self'", "'unsafe-eval'"]
    for address in ("/health/live", "/administration", "/admin", STATIC):
        policy = directives(headers(stranger, address))
        assert set(policy) == {"default-src", "base-uri", "form-action", "frame-ancestors"}, address
        assert set().union(*policy.values()) == {"'none'"}, address


def test_no_page_of_the_admin_has_scripts_or_styles_within(root: Client) -> None:
    pages = [reverse("admin:index"), reverse("admin:password_change")]
    request = RequestFactory().get("/")
    request.user = Staff.objects.get()
    for model, shown_by in admin.site._registry.items():
        kinds = ["changelist", "add"] if shown_by.has_add_permission(request) else ["changelist"]
        pages += [reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}") for kind in kinds]
    pages.append(reverse("admin:users_staff_change", args=[Staff.objects.get().pk]))
    shown = {page: root.get(page) for page in pages}
    shown["login"] = Client().get(reverse("admin:login"))
    assert len(shown) > len(admin.site._registry)
    for page, answer in shown.items():
        assert answer.status_code == 200, page
        assert not INLINE.findall(answer.text), page


def test_browsers_are_told_to_come_by_https_where_they_do(stranger: Client, settings: object) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000  # type: ignore[attr-defined]  # as in production
    told = "Strict-Transport-Security"
    for address in (STATIC, "/nothing"):
        assert headers(stranger, address, secure=True)[told].startswith("max-age=31536000")
        assert told not in headers(stranger, address)


def test_the_file_of_colours_holds_those_of_the_theme() -> None:
    colours = CONFIG_DEFAULTS["COLORS"]
    wanted = [f"--color-{name}-{weight}: {value};" for name in colours for weight, value in colours[name].items()]
    held = Path(finders.find("staff/colours.css")).read_text()
    assert [line.strip() for line in held.splitlines() if "--color" in line] == wanted
