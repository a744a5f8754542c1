"""Forcing VIP, refunding and erasing ask for the password again when it was given more than a quarter of an hour ago."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from apps.payments.services import ask_for_refund
from apps.users import services
from apps.users.models import Person, Staff
from diana import clock
from diana.audit.models import AuditRecord
from tests.payments.paying import STAFF, buy

PASSWORD = "correct horse battery"

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    """The page on which somebody is erased."""
    somebody = Person.objects.create(telegram_id=77, created_at=clock.now())
    return reverse("admin:users_person_erase", args=[somebody.pk])


@pytest.fixture
def later(client: Client) -> Callable[[int], None]:
    """A login was made with its password; return what moves time by minutes."""
    Staff.objects.create_superuser("eva", password=PASSWORD)
    with time_machine.travel(clock.real_now(), tick=False) as traveller:
        client.post(reverse("admin:login"), {"username": "eva", "password": PASSWORD})
        yield lambda minutes: traveller.shift(timedelta(minutes=minutes))


def erased() -> bool:
    """Say whether the person is gone."""
    return Person.objects.get().status == "erased"


def test_soon_after_the_login_nothing_is_asked(client: Client, later: Callable[[int], None], address: str) -> None:
    later(14)
    sent = {"reason": "They asked for it.", "key": "k"}
    page = client.post(address, sent)
    assert 'name="password"' not in page.content.decode()
    client.post(address, sent | {"shown": page.context["shown"]})
    assert erased()


def test_later_the_act_waits_for_the_right_password(client: Client, later: Callable[[int], None], address: str) -> None:
    later(16)
    sent = {"reason": "They asked for it.", "key": "k"}
    page = client.post(address, sent)
    assert 'name="password"' in page.content.decode()
    confirmed = sent | {"shown": page.context["shown"]}
    assert client.post(address, confirmed).status_code == 200
    client.post(address, confirmed | {"password": "wrong"})
    assert not erased()
    assert AuditRecord.objects.filter(act="password_refused", actor="eva").count() == 1
    assert client.post(address, confirmed | {"password": PASSWORD}).status_code == 302
    assert erased()
    later(14)
    assert 'name="password"' not in client.post(address, sent).content.decode()


def test_wrong_passwords_there_lock_as_on_the_login_page(
    client: Client, later: Callable[[int], None], address: str
) -> None:
    later(16)
    sent = {"reason": "They asked for it.", "key": "k"}
    confirmed = sent | {"shown": client.post(address, sent).context["shown"]}
    for _ in range(5):
        client.post(address, confirmed | {"password": "wrong"})
    assert client.post(address, confirmed | {"password": PASSWORD}).status_code == 429
    assert AuditRecord.objects.filter(act="password_refused").count() == 5
    assert not erased()


def test_forcing_vip_and_refunding_ask_too_and_giving_vip_does_not(
    client: Client, later: Callable[[int], None]
) -> None:
    payment = buy(now=clock.now())
    asked = ask_for_refund(person_id=payment.person_id, payment_id=payment.pk, now=clock.now())
    later(16)
    somebody, until = payment.person_id, (clock.now() + timedelta(days=9)).date().isoformat()
    pages = {
        reverse("admin:users_person_override_vip", args=[somebody]): {
            "mode": "off",
            "until_0": until,
            "until_1": "00:00:00",
        },
        reverse("admin:users_person_extend_vip", args=[somebody]): {"days": "3"},
        reverse("admin:payments_payment_refund", args=[payment.pk]): {},
        reverse("admin:payments_refundrequest_accept", args=[asked.pk]): {},
    }
    answers = [client.post(page, sent | {"reason": "r", "key": "k"}) for page, sent in pages.items()]
    assert all(answer.context["preview"] for answer in answers)
    assert ['name="password"' in answer.content.decode() for answer in answers] == [True, False, True, True]
    override(somebody)
    clearing = client.post(reverse("admin:users_person_clear_vip", args=[somebody]), {"reason": "r", "key": "k"})
    assert 'name="password"' in clearing.content.decode()


def override(person_id: int) -> None:
    """Force VIP off, so that it can be cleared."""
    now = clock.now()
    how = {"reason": "r", "actor": STAFF, "key": "o", "now": now}
    services.override_vip(person_id=person_id, mode="off", until=now + timedelta(days=2), **how)


def test_the_page_of_ones_own_password_counts_wrong_ones_too(client: Client, later: Callable[[int], None]) -> None:
    page, new = reverse("admin:password_change"), "another horse battery"
    wrong = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    for _ in range(4):
        assert "The password is wrong" in client.post(page, wrong, follow=True).content.decode()
    for old in ("wrong", PASSWORD):
        answer = client.post(page, wrong | {"old_password": old}, follow=True)
        assert "Too many failed logins" in answer.content.decode()
    assert AuditRecord.objects.filter(act="password_refused").count() == 5
    assert Staff.objects.get().check_password(PASSWORD)
