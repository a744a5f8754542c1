"""Logins that are tried at the same moment: a limit holds exactly, a code works once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from pyotp import TOTP

from apps.staff import codes, devices
from apps.staff.login_limits import OutsideTransaction, SlowingBackend
from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord

PASSWORD = "correct horse battery"
TRIES = 8


def at_once(times: int, what: Callable[[], Any]) -> list[Any]:
    """Do it in as many threads at the same moment; return what came."""
    barrier = Barrier(times)

    def one() -> Any:
        try:
            barrier.wait(10)
            return what()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return [done.result() for done in [pool.submit(one) for _ in range(times)]]


def attempt(word: str) -> int:
    """Send the form of the login page."""
    sent = {"username": "eva", "password": word}
    return Client().post(reverse("admin:login"), sent, REMOTE_ADDR="203.0.113.9").status_code


def test_of_many_wrong_passwords_at_once_five_are_looked_at(committed_db: str) -> None:
    Staff.objects.create_superuser("eva", password=PASSWORD)
    answers = at_once(TRIES, lambda: attempt("wrong"))
    assert sorted(answers) == [200] * 4 + [429] * 4
    assert AuditRecord.objects.filter(act="log_in_failed").count() == 5


def test_a_code_that_comes_twice_at_once_works_once(committed_db: str) -> None:
    eva = Staff.objects.create_superuser("eva", password=PASSWORD)
    secret = codes.new_secret()
    now = clock.real_now()
    with transaction.atomic():
        assert devices.enrol(eva, secret, TOTP(secret).at(now, counter_offset=-1), now)
        kept = devices.renew_recovery_codes(eva)
    for typed in (TOTP(secret).at(now), kept[0]):
        assert sorted(at_once(4, lambda typed=typed: devices.use_code(eva, typed, now))) == [False] * 3 + [True]


def test_a_try_outside_a_transaction_is_an_error(committed_db: str) -> None:
    with pytest.raises(OutsideTransaction):
        SlowingBackend().authenticate(RequestFactory().post("/"), username="eva")


def test_of_devices_that_are_enrolled_at_once_the_first_stays(committed_db: str, settings: Any) -> None:
    """Whoever knows the password alone cannot take the owner's new device away in that moment."""
    settings.STAFF_SECOND_FACTOR = "required"
    Staff.objects.create_superuser("eva", password=PASSWORD)
    browsers, page = [Client(), Client()], reverse("admin:second_factor_enrol")
    sent = []
    for browser in browsers:
        browser.post(reverse("admin:login"), {"username": "eva", "password": PASSWORD})
        secret = browser.get(page).context["secret"].replace(" ", "")
        sent.append((browser, {"code": TOTP(secret).at(clock.real_now())}))

    def enrol() -> bool:
        browser, form = sent.pop()
        return b"ecovery codes" in browser.post(page, form).content

    assert sorted(at_once(2, enrol)) == [False, True]
    assert AuditRecord.objects.filter(act="enrol_second_factor").count() == 1
