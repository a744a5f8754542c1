"""What pages say: where the login leads, what an empty list offers, what a button does."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.users.models import Staff
from tests.users.conftest import root

__all__ = ["root"]

# Logins and groups are saved at once, by superusers alone.
DJANGOS_OWN = {"auth.group", "users.staff"}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_login_that_may_not_lead_elsewhere_leads_to_the_index(client: Client, settings: Any, where: str) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Staff.objects.create_user("ana", password="a-long-password-1", is_staff=True)
    sent = {"username": "ana", "password": "a-long-password-1", "next": where}
    assert client.post("/admin/login/", sent)["Location"] == reverse("admin:index")


def test_no_page_offers_a_site_that_there_is_not(root: Client) -> None:
    assert "Return to site" not in Client().get("/admin/login/").text
    assert "View site" not in root.get(reverse("admin:index")).text


@pytest.mark.parametrize(
    ("role", "name", "query", "said", "unsaid"),
    [
        ("viewer", "users_grant", "", "There is nothing in this list yet.", ["Add VIP grant", "Reset filters"]),
        ("manager", "users_grant", "", "There is nothing in this list yet.", ["Reset filters"]),
        ("viewer", "users_grant", "?q=nobody", "Nothing matches the search or the filters.", ["Add VIP grant"]),
        ("viewer", "users_grant", "?source__exact=gift", "Nothing matches the search or the filters.", []),
    ],
)
def test_an_empty_list_says_what_is_true(
    client: Client, role: str, name: str, query: str, said: str, unsaid: list[str]
) -> None:
    staff = Staff.objects.create_user(role, is_staff=True)
    staff.groups.set(Group.objects.filter(name=role))
    client.force_login(staff)
    page = client.get(reverse(f"admin:{name}_changelist") + query).text
    assert said in page
    for text in ("Create a new item", *unsaid):
        assert text not in page
    assert ("Reset filters" in page) == bool(query)


def test_a_form_that_is_shown_first_has_no_button_to_save(root: Client) -> None:
    request = RequestFactory().get("/")
    request.user = Staff.objects.get()
    added = {m._meta.label_lower for m, page in admin.site._registry.items() if page.has_add_permission(request)}
    shown_first = added - DJANGOS_OWN
    assert len(shown_first) >= 5
    for label in shown_first:
        page = root.get(reverse(f"admin:{label.replace('.', '_')}_add")).text
        assert "Show what would change" in page, label
        assert not [name for name in ("_save", "_continue", "_addanother") if f'name="{name}"' in page], label
