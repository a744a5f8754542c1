"""States and kinds in colour: on the pages of one object as in the lists."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.test import Client
from django.urls import reverse
from django.utils.html import conditional_escape, strip_tags

from apps.payments.models import Payment, Subscription
from diana import labels
from tests.payments.paying import NOW, buy


@pytest.mark.parametrize(("key", "colour"), [("good", "green"), ("odd", "")])
def test_a_label_is_its_text_in_its_colour(key: str, colour: str) -> None:
    class Admin:
        @labels.labelled(description="state", label={"good": "success"})
        def state(self, row: object) -> tuple[str, str]:
            return key, "<b>as it is</b>"

    shown = conditional_escape(Admin().state(None))
    assert strip_tags(shown).strip() == "&lt;b&gt;as it is&lt;/b&gt;"
    assert colour in shown


def test_every_label_of_the_admin_can_be_shown_on_a_page_of_one_object() -> None:
    found = {
        f"{type(registered).__name__}.{name}": getattr(registered, name)
        for registered in admin.site._registry.values()
        for name in [
            *flatten_fieldsets(registered.fieldsets or ()),
            *registered.readonly_fields,
            *registered.list_display,
        ]
        if isinstance(name, str) and getattr(getattr(registered, name, None), "label", None)
    }
    assert len(found) >= 12
    assert [name for name, method in found.items() if not isinstance(method.label, labels.Colours)] == []


def test_a_payment_and_a_subscription_show_their_state_in_words(admin_client: Client) -> None:
    buy("vip_monthly", now=NOW)
    for row in (Payment.objects.get(), Subscription.objects.get()):
        page = admin_client.get(reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]))
        assert page.status_code == 200
        assert "(&#x27;" not in page.content.decode()
