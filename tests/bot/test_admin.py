"""What staff see of the bot, and that they can change nothing."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from apps.bot.models import Refusal, Update
from tests.bot.updates import deliver, message, update

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", "", "x" * 20))
    return client


def test_an_update_is_shown_without_its_body(admin: Client) -> None:
    deliver(update(body=message("very private", chat={"id": 987_654_321, "type": "private"})))
    row = Update.objects.get()
    for address in ("", f"{row.pk}/change/"):
        page = admin.get(f"/admin/bot/update/{address}")
        assert page.status_code == 200
        assert "very private" not in page.content.decode()
        assert "987654321" not in page.content.decode()
        assert str(row.update_id) in page.content.decode()


def test_refusals_are_shown(admin: Client) -> None:
    deliver(b"{")
    page = admin.get("/admin/bot/refusal/")
    assert "not an update" in page.content.decode()


@pytest.mark.parametrize("model", ["update", "refusal"])
def test_a_superuser_changes_nothing(admin: Client, model: str) -> None:
    deliver(update())
    deliver(b"{")
    row = {"update": Update, "refusal": Refusal}[model]._default_manager.get()
    base = f"/admin/bot/{model}/"
    assert admin.get(f"{base}add/").status_code == 403
    assert admin.post(f"{base}{row.pk}/change/", {"kind": "other", "count": 9}).status_code == 403
    assert admin.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert (Update.objects.count(), Refusal.objects.count()) == (1, 1)
