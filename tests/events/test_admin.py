"""The bus in the admin: everything is shown, nothing changed, failures are redriven with a reason by those who may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.users.models import Staff
from diana.audit.models import AuditRecord
from diana.events import Permanent
from diana.events.models import Failure, StoredEvent
from diana.events.subscriptions import Subscriber
from tests.events.conftest import Register
from tests.events.people import drain, publish_numbers

pytestmark = pytest.mark.django_db
PAGES = ["storedevent", "cursor", "failure", "delivery"]


@pytest.fixture
def chief(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("chief", password="a long password"))
    return client


@pytest.fixture
def dead(register: Register) -> Subscriber:
    """A subscriber with one dead letter."""

    def refuse(envelope: object) -> None:
        raise Permanent("never")

    subscriber = register(refuse)
    publish_numbers([1])
    drain(subscriber)
    return subscriber


def act(client: Client, action: str, reason: str) -> None:
    """Choose all failures and run an action on them."""
    chosen = [str(pk) for pk in Failure.objects.values_list("pk", flat=True)]
    answer = client.post("/admin/events/failure/", {"action": action, "reason": reason, "_selected_action": chosen})
    assert answer.status_code == 302, answer.content[:300]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("dead")
def test_it_shows_what_there_is_and_lets_nobody_add_to_it(chief: Client, page: str):
    assert chief.get(f"/admin/events/{page}/").status_code == 200
    assert chief.get(f"/admin/events/{page}/add/").status_code == 403


@pytest.mark.usefixtures("dead")
def test_it_shows_an_event_and_lets_nobody_change_or_delete_it(chief: Client):
    event = StoredEvent.objects.latest("id")
    assert chief.get(f"/admin/events/storedevent/{event.pk}/change/").status_code == 200
    assert chief.post(f"/admin/events/storedevent/{event.pk}/change/", {"type": "x"}).status_code == 403
    assert chief.post(f"/admin/events/storedevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403


def test_it_finds_everything_of_one_correlation(chief: Client, dead: Subscriber):
    event = StoredEvent.objects.filter(type="test.happened").latest("id")
    page = chief.get("/admin/events/storedevent/", {"q": str(event.correlation_id)})
    assert event.type in page.content.decode()
    assert "system.delivery_dead" not in chief.get("/admin/events/storedevent/", {"q": "1"}).content.decode()


@pytest.mark.usefixtures("dead")
def test_it_redrives_with_who_and_why(chief: Client):
    act(chief, "redrive", "mended")
    assert Failure.objects.get().status == "retrying"
    assert AuditRecord.objects.values_list("actor", "act", "reason").get() == ("chief", "redrive_deliveries", "mended")


@pytest.mark.usefixtures("dead")
def test_it_discards_with_who_and_why(chief: Client):
    act(chief, "discard", "a test")
    assert Failure.objects.get().resolution == "discarded: a test"
    assert AuditRecord.objects.values_list("actor", "act", "reason").get() == ("chief", "discard_deliveries", "a test")


@pytest.mark.usefixtures("dead")
def test_it_does_nothing_without_a_reason(chief: Client):
    act(chief, "redrive", "  ")
    assert Failure.objects.get().status == "dead"


@pytest.mark.usefixtures("dead")
def test_it_offers_no_redrive_to_those_who_may_only_look(client: Client):
    viewer = Staff.objects.create_user("viewer", password="a long password", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_failure"))
    client.force_login(viewer)
    assert client.get("/admin/events/failure/").status_code == 200
    client.post(
        "/admin/events/failure/", {"action": "redrive", "reason": "x", "_selected_action": [Failure.objects.get().pk]}
    )
    assert Failure.objects.get().status == "dead"
