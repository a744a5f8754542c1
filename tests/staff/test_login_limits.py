"""Wrong passwords: five lock a login for one address, twenty in an hour slow it down for addresses that are not known."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "203.0.113.9", "198.51.100.7"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def eva() -> Staff:
    """A login."""
    return Staff.objects.create_superuser("eva", password=PASSWORD)


@pytest.fixture
def later() -> object:
    """Time stands still and is moved by the test."""
    with time_machine.travel(clock.real_now(), tick=False) as traveller:
        yield lambda **how: traveller.shift(timedelta(**how))


def attempt(client: Client, password: str = "wrong", *, name: str = "eva", address: str = HERE) -> HttpResponse:
    """Send the form of the login page."""
    sent = {"username": name, "password": password}
    return client.post(reverse("admin:login"), sent, REMOTE_ADDR=address)


def fail(client: Client, times: int, **how: str) -> list[int]:
    """Try with wrong passwords; return what was answered."""
    return [attempt(client, **how).status_code for _ in range(times)]


def fail_everywhere(client: Client, times: int) -> None:
    """Try with wrong passwords, each time from another address."""
    for number in range(times):
        assert attempt(client, address=f"192.0.2.{number + 1}").status_code == 200


def failed_everywhere(times: int) -> None:
    """Have as many failures as fail_everywhere() leaves, without the pages."""
    AccessFailureLog.objects.bulk_create(AccessFailureLog(username="eva") for _ in range(times))


@pytest.mark.parametrize("name", ["eva", "nobody"])
def test_five_failures_lock_the_login_for_that_address(client: Client, later: object, name: str) -> None:
    assert fail(client, 5, name=name) == [200, 200, 200, 200, 429]
    later(minutes=5)
    locked = attempt(client, PASSWORD, name=name)
    assert (locked.status_code, locked["Retry-After"]) == (429, "600")
    assert "Too many failed logins" in locked.content.decode()
    assert "10 minutes" in locked.content.decode()
    assert attempt(client, address=ELSEWHERE, name=name).status_code == 200
    assert attempt(client, name="ida").status_code == 200


def test_other_addresses_and_logins_come_in_meanwhile(client: Client) -> None:
    Staff.objects.create_superuser("ida", password=PASSWORD)
    fail(client, 5)
    assert attempt(client, PASSWORD).status_code == 429
    assert attempt(client, PASSWORD, address=ELSEWHERE).status_code == 302
    assert attempt(Client(), PASSWORD, name="ida").status_code == 302


def test_the_lock_ends_after_a_quarter_of_an_hour_and_further_tries_do_not_lengthen_it(
    client: Client, later: object
) -> None:
    fail(client, 5)
    for minutes in (5, 5, 4):
        later(minutes=minutes)
        assert attempt(client, PASSWORD).status_code == 429
    later(minutes=1, seconds=1)
    assert attempt(client, PASSWORD).status_code == 302


def test_a_login_ends_the_count(client: Client) -> None:
    fail(client, 4)
    assert attempt(client, PASSWORD).status_code == 302
    assert fail(Client(), 4) == [200] * 4


def test_above_twenty_failures_an_hour_a_login_is_tried_once_a_minute(client: Client, later: object) -> None:
    fail_everywhere(client, 20)
    assert attempt(client, address=ELSEWHERE).status_code == 200, "the twenty-first is checked"
    slowed = attempt(client, PASSWORD, address=ELSEWHERE)
    assert (slowed.status_code, slowed["Retry-After"]) == (429, "60")
    later(seconds=45)
    assert attempt(client, PASSWORD, address=ELSEWHERE)["Retry-After"] == "15"
    later(seconds=16)
    assert attempt(client, PASSWORD, address=ELSEWHERE).status_code == 302


def failed_here(times: int) -> None:
    """Have failures of as many names from one address, without the pages."""
    AccessFailureLog.objects.bulk_create(AccessFailureLog(username=f"?{n}", ip_address=HERE) for n in range(times))


def test_above_fifty_failures_an_hour_an_address_may_try_one_name_a_minute(client: Client, later: object) -> None:
    failed_here(50)
    assert attempt(client, name="51").status_code == 200, "the fifty-first is checked"
    refused = [attempt(client, name=str(name)) for name in range(52, 60)]
    assert [(answer.status_code, answer["Retry-After"]) for answer in refused] == [(429, "60")] * 8
    assert AccessFailureLog.objects.count() == 51
    assert AuditRecord.objects.filter(act="log_in_failed").count() == 1
    assert attempt(client, PASSWORD, address=ELSEWHERE).status_code == 302, "another address"
    later(minutes=1, seconds=1)
    assert attempt(Client(), PASSWORD).status_code == 302


def test_a_login_that_came_in_from_there_lately_still_does(client: Client) -> None:
    assert attempt(client, PASSWORD).status_code == 302
    failed_here(51)
    assert attempt(Client(), name="ida").status_code == 429
    assert attempt(Client(), PASSWORD).status_code == 302


def test_all_addresses_of_one_ipv6_network_are_one(client: Client) -> None:
    addresses = [f"2001:db8:1:2::{number:x}" for number in range(1, 6)]
    assert [attempt(client, address=address).status_code for address in addresses] == [200, 200, 200, 200, 429]
    assert attempt(client, address="2001:db8:1:3::1").status_code == 200
    assert set(AuditRecord.objects.values_list("address", flat=True)) == {*addresses, "2001:db8:1:3::1"}


def test_addresses_that_logged_in_lately_are_not_slowed_down(client: Client, later: object) -> None:
    assert attempt(client, PASSWORD).status_code == 302
    later(days=29)
    failed_everywhere(21)
    assert attempt(Client(), PASSWORD, address=ELSEWHERE).status_code == 429
    assert attempt(Client(), PASSWORD).status_code == 302


def test_an_hour_later_failures_are_forgotten(client: Client, later: object) -> None:
    failed_everywhere(21)
    later(minutes=61)
    assert fail(client, 2, address=ELSEWHERE) == [200, 200]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM axes_accessfailurelog")
        assert cursor.fetchone() == (2,)


def test_refused_tries_are_not_recorded_and_nothing_typed_is_kept(client: Client, caplog: object) -> None:
    fail(client, 8, name="Zz-typed-by-mistake")
    assert AuditRecord.objects.filter(act="log_in_failed").count() == 5
    assert "Zz-typed" not in caplog.text  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        for table in ("axes_accessattempt", "axes_accessfailurelog", "axes_accesslog", "audit_record"):
            cursor.execute(f"SELECT count(*) FROM {table} AS row WHERE to_jsonb(row)::text LIKE '%Zz-typed%'")
            assert cursor.fetchone() == (0,), table
