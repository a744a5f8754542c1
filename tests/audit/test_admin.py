"""The audit record in the admin: readable, and for nobody more than that."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.users.models import Staff
from diana.audit.models import AuditRecord


@pytest.fixture
def root(client: Client, db: None) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


def test_it_shows_the_list_and_the_record(root: Client, written: AuditRecord) -> None:
    page = root.get(reverse("admin:audit_auditrecord_changelist"), {"q": "poetry"}).content.decode()
    assert "won the poetry slam" in page
    page = root.get(reverse("admin:audit_auditrecord_change", args=[written.pk])).content.decode()
    assert "2026-12-01T00:00:00+00:00" in page
    assert 'name="_save"' not in page


def test_it_refuses_every_change_even_of_superusers(root: Client, written: AuditRecord) -> None:
    assert root.post(reverse("admin:audit_auditrecord_add"), {"reason": "x"}).status_code == 403
    assert root.post(reverse("admin:audit_auditrecord_delete", args=[written.pk]), {"post": "yes"}).status_code == 403
    assert root.post(reverse("admin:audit_auditrecord_change", args=[written.pk]), {"reason": "x"}).status_code == 403
    assert AuditRecord.objects.get().reason == "won the poetry slam"


def test_it_is_hidden_from_staff_without_the_permission(client: Client, written: AuditRecord) -> None:
    client.force_login(Staff.objects.create_user("ana", is_staff=True))
    assert client.get(reverse("admin:audit_auditrecord_changelist")).status_code == 403
