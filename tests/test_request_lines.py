"""A request that is refused is one line of the log: which page, and why; not what was asked for."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from apps.users.models import Staff
from diana.health import views
from diana.logs import LineFormatter

CANARY = "zqcanary"
pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines of the log since it was asked for them last."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter(as_json=True, process="web"))
    logging.getLogger().addHandler(handler)

    def since() -> list[dict[str, Any]]:
        written = stream.getvalue().splitlines()
        stream.seek(0)
        stream.truncate()
        assert CANARY not in "".join(written).lower()
        return [json.loads(line) for line in written]

    yield since
    logging.getLogger().removeHandler(handler)


def browser(**rights: bool) -> Client:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    client.force_login(Staff.objects.create(username="asker", is_staff=True, **rights))
    return client


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"/admin/users/person/{CANARY}/change/", "404 Not Found: GET /admin/users/person/<path:object_id>/change/"),
        (f"/admin/users/person/7/{CANARY}/", "404 Not Found: GET /admin/users/person/<path:object_id>/"),
        (f"/admin/{CANARY}/", "404 Not Found: GET /admin/(?P<url>.*)$"),
        (f"/admin/users/person/add/?name={CANARY}", "403 Forbidden: GET /admin/users/person/add/ (PermissionDenied)"),
        (
            f"/admin/bot/update/?body__contains={CANARY}&{CANARY}=1",
            "400 Bad Request: GET /admin/bot/update/ (DisallowedModelAdminLookup)",
        ),
        (
            f"/admin/bot/update/?_to_field={CANARY}",
            "400 Bad Request: GET /admin/bot/update/ (DisallowedModelAdminToField)",
        ),
        (f"/nowhere?{CANARY}", "404 Not Found: GET /nowhere"),
    ],
)
def test_it_names_the_page_and_the_error(lines: Callable[[], list[dict[str, Any]]], address: str, said: str) -> None:
    client = browser(is_superuser=True)
    lines()
    answer = client.get(address)
    (line,) = lines()
    assert str(answer.status_code) in said
    assert (line["event"], line["level"]) == (said, "warning")
    assert "exception" not in line


def test_it_says_what_is_wrong_with_a_form(lines: Callable[[], list[dict[str, Any]]]) -> None:
    client = browser(is_superuser=True)
    lines()
    sent = {"name": CANARY}
    client.post("/admin/auth/group/add/", sent)
    client.post("/admin/auth/group/add/", sent, headers={"referer": f"https://elsewhere/?q={CANARY}"}, secure=True)
    client.get("/admin/", headers={"host": f"{CANARY}.example"})
    page = "403 Forbidden: POST /admin/auth/group/add/"
    assert [line["event"] for line in lines()] == [
        f"{page} (CSRF cookie not set.)",
        f"{page} (Referer checking failed)",
        "400 Bad Request: GET /admin/ (DisallowedHost)",
    ]


def test_a_long_address_that_is_none_is_cut(lines: Callable[[], list[dict[str, Any]]]) -> None:
    Client().get("/" + "x" * 5000)
    (line,) = lines()
    assert len(line["event"]) < 150


def test_an_error_of_ours_keeps_its_traceback(
    lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ValueError("it broke")

    monkeypatch.setattr(views.examiner, "readiness", fail)
    assert Client(raise_request_exception=False).get("/health/ready").status_code == 500
    (line,) = lines()
    assert (line["event"], line["level"]) == ("Internal Server Error: /health/ready", "error")
    assert line["exception"].endswith("ValueError: it broke")
