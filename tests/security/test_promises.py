"""What docs/security.md promises of the pages of staff and of passwords, where no other test says it."""

import inspect
import re

import pytest
from django.conf import global_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

import config.settings
from apps.users.models import Staff
from tests.users.conftest import root

__all__ = ["root"]

PASSWORD = "a-long-password-1"
PAGES = [
    "/admin/",
    "/admin/users/person/",
    "/admin/audit/auditrecord/",
    "/admin/users/staff/",
    "/admin/password_change/",
]


@pytest.mark.django_db
def test_no_page_of_staff_is_kept_by_a_browser_and_each_says_what_it_is_and_how_to_leave(root: Client) -> None:
    for page in PAGES:
        answer = root.get(page)
        assert answer.status_code == 200, page
        assert {"no-store", "private"} <= set(re.split(r",\s*", answer["Cache-Control"])), page
        assert answer["Content-Type"] == "text/html; charset=utf-8", page
        assert f'action="{reverse("admin:logout")}"' in answer.text, page


@pytest.mark.django_db
def test_a_login_makes_a_new_session_and_a_logout_ends_it(client: Client, settings: object) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    Staff.objects.create_superuser("ana", password=PASSWORD)
    client.session.save()
    before = client.session.session_key
    client.post("/admin/login/", {"username": "ana", "password": PASSWORD})
    after = client.session.session_key
    assert after not in (None, before)
    assert len(after) >= 32, "36 letters and digits: more than 128 bits"
    assert client.get("/admin/").status_code == 200
    cookie = client.cookies[str(settings.SESSION_COOKIE_NAME)].value  # type: ignore[attr-defined]
    client.post("/admin/logout/")
    client.cookies[str(settings.SESSION_COOKIE_NAME)] = cookie  # type: ignore[attr-defined]
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_the_form_of_the_login_hides_the_password_and_lets_managers_of_passwords_fill_it_in(client: Client) -> None:
    form = client.get("/admin/login/").text
    found = re.search(r"<input[^>]*name=\"password\"[^>]*>", form)
    assert found is not None
    assert 'type="password"' in found[0]
    assert 'autocomplete="current-password"' in found[0]
    assert not re.search("onpaste|oncopy|readonly", found[0])


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "пароль для всех нас", "x!" * 40, " spaces around it "]
)
def test_long_passwords_of_any_letters_are_taken_as_they_are(password: str) -> None:
    validate_password(password)
    staff = Staff(username="ana")
    staff.set_password(password)
    assert staff.check_password(password)
    assert not staff.check_password(password.strip() if password != password.strip() else password.upper())


@pytest.mark.parametrize("password", ["short-one-1", "password1234", "123456789012345"])
def test_short_common_and_numeric_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


def test_passwords_are_kept_under_a_slow_hash() -> None:
    """By Django's own settings, which the tests make quick for themselves."""
    assert not hasattr(config.settings, "PASSWORD_HASHERS")
    assert global_settings.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    rounds = re.search(r"iterations = ([\d_]+)", inspect.getsource(PBKDF2PasswordHasher))
    assert rounds is not None
    assert int(rounds[1]) >= 600_000


@pytest.mark.django_db
def test_no_answer_repeats_a_request(client: Client) -> None:
    for page in ("/", "/health/live", "/admin/login/", "/telegram/webhook"):
        answer = client.generic("TRACE", page, headers={"X-Canary": "Zzcanary"})
        assert "Zzcanary" not in answer.text + str(answer.headers), page
