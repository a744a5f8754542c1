"""What Django notes of forms in the admin stays, and so do the logins that it names; sessions open by the key alone."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.users.models import Person, Staff
from tests.gamification.acts import person

PASSWORD = "correct horse battery"
HOME = "/admin/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def eva(client: Client) -> Staff:
    """A superuser who has logged in."""
    login = Staff.objects.create_superuser("eva", password=PASSWORD)
    client.post(reverse("admin:login"), {"username": "eva", "password": PASSWORD})
    return login


def note(login: Staff) -> LogEntry:
    """Have Django note that the login changed a person."""
    return LogEntry.objects.create(
        user=login,
        content_type=ContentType.objects.get_for_model(Person),
        object_id=str(person()),
        object_repr="Ana",
        action_flag=CHANGE,
        change_message="Changed name.",
    )


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


REFUSED = {
    "wiped": "DELETE FROM django_admin_log",
    "emptied": "TRUNCATE django_admin_log",
    "somebody else's": "UPDATE django_admin_log SET user_id = user_id",
    "another time": "UPDATE django_admin_log SET action_time = action_time",
    "reworded": "UPDATE django_admin_log SET change_message = 'Nothing.'",
    "blanked, of nobody who is erased": "UPDATE django_admin_log SET change_message = '', object_repr = ''",
}


@pytest.mark.parametrize("change", REFUSED)
def test_the_log_of_the_admin_can_be_added_to_alone(eva: Staff, change: str) -> None:
    note(eva)
    with pytest.raises(DatabaseError, match=r"denied|append-only"):
        run(REFUSED[change])


def test_a_login_is_switched_off_and_never_deleted(client: Client, eva: Staff) -> None:
    ida = Staff.objects.create_user("ida", password=PASSWORD)
    page = reverse("admin:users_staff_change", args=[ida.pk])
    delete = reverse("admin:users_staff_delete", args=[ida.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert delete not in client.get(page).content.decode()
    assert "delete_selected" not in client.get(reverse("admin:users_staff_changelist")).content.decode()
    note(ida)
    with pytest.raises(DatabaseError), transaction.atomic():
        ida.delete()
    assert Staff.objects.filter(pk=ida.pk).exists()


@pytest.mark.parametrize(
    ("key", "change", "opens"),
    [
        (settings.SECRET_KEY, {}, True),
        ("another key of fifty letters, which nobody here has", {}, False),
        (settings.SECRET_KEY, {"_auth_user_hash": "0" * 64}, False),
    ],
    ids=["with the key", "without the key", "without the password's hash"],
)
def test_a_session_that_is_inserted_opens_nothing_without_the_key(
    client: Client, eva: Staff, key: str, change: dict[str, Any], opens: bool
) -> None:
    own = client.session
    data = signing.dumps(
        dict(own.items()) | change, key=key, salt=own.key_salt, serializer=own.serializer, compress=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_session VALUES ('aforgedsession', %s, diana_now() + interval '1 day')", [data]
        )
    stranger = Client()
    stranger.cookies[settings.SESSION_COOKIE_NAME] = "aforgedsession"
    assert (stranger.get(HOME).status_code == 200) is opens
