"""The second factor: no login without it, each code works once, and nobody but its owner can take part in that."""

import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from axes.models import AccessLog
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pyotp import TOTP

from apps.staff import codes, devices, tasks
from apps.staff.models import Device, RecoveryCode
from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.sealing import Sealed
from tests.security_headers.test_middleware import INLINE
from tests.staff.test_logins import settle

PASSWORD = "correct horse battery"
HERE = "203.0.113.9"
ENROL, CODE, OWN, HOME = "/admin/second-factor/enrol/", "/admin/login/code/", "/admin/second-factor/", "/admin/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def later(settings: Any) -> object:
    """The second factor is required; time stands still and is moved by the test."""
    settings.STAFF_SECOND_FACTOR = "required"
    with time_machine.travel(datetime(2026, 11, 29, 12, 0, 5, tzinfo=clock.real_now().tzinfo), tick=False) as traveller:
        yield lambda **how: traveller.shift(timedelta(**how))


@pytest.fixture
def eva() -> Staff:
    """A login without a device."""
    return Staff.objects.create_superuser("eva", password=PASSWORD)


@pytest.fixture
def secret(eva: Staff) -> str:
    """The secret of the device that the login has; its present code is used up."""
    made = codes.new_secret()
    assert devices.enrol(eva, made, code(made), clock.real_now())
    settle()
    return made


def code(secret: str, steps: int = 0) -> str:
    """Return what the device shows now, or so many half minutes later."""
    return TOTP(secret).at(clock.real_now(), counter_offset=steps)


def password(client: Client, word: str = PASSWORD, name: str = "eva") -> HttpResponse:
    """Send the form of the login page."""
    return client.post(reverse("admin:login"), {"username": name, "password": word}, REMOTE_ADDR=HERE)


def send(client: Client, page: str, typed: str, **more: str) -> HttpResponse:
    """Send the form of a code."""
    return client.post(page, {"code": typed} | more, REMOTE_ADDR=HERE)


def inside(client: Client) -> bool:
    """Say whether the admin opens."""
    return client.get(HOME).status_code == 200


def shown_secret(client: Client) -> str:
    """Return the key that the page of enrolment shows."""
    page = client.get(ENROL).content.decode()
    return re.search(r'id="secret">([^<]+)<', page)[1].replace(" ", "")


def recovery_codes(response: HttpResponse) -> list[str]:
    """Return the codes that the page shows."""
    return re.findall(r"<li class=\"py-1\"><code>([^<]+)</code></li>", response.content.decode())


def acts() -> list[str]:
    """Return what was recorded."""
    return list(AuditRecord.objects.order_by("id").values_list("act", flat=True))


def test_a_password_without_a_device_leads_to_enrolment_alone(client: Client, eva: Staff) -> None:
    assert password(client)["Location"] == ENROL
    others = [HOME, reverse("admin:users_person_changelist"), reverse("admin:password_change"), OWN, CODE]
    for page in others:
        for answer in (client.get(page), client.post(page)):
            assert answer.status_code == 302, page
            assert answer["Location"].startswith("/admin/login/"), page
    page = client.get(ENROL)
    assert "<svg" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    made = shown_secret(client)
    assert shown_secret(client) == made, "the same as long as the session lasts"
    assert send(client, ENROL, "000000" if code(made) != "000000" else "000001").status_code == 200
    assert not inside(client)
    done = send(client, ENROL, f"{code(made)[:3]} {code(made)[3:]}")
    assert len(recovery_codes(done)) == 10
    assert inside(client)
    assert acts() == ["second_factor_refused", "enrol_second_factor", "log_in", "renew_recovery_codes"]
    assert {record.address for record in AuditRecord.objects.all()} == {HERE}


def test_its_pages_have_no_scripts_or_styles_within(client: Client, eva: Staff, later: Any) -> None:
    password(client)
    secret = shown_secret(client)
    pages = [client.get(ENROL), send(client, ENROL, code(secret)), client.get(OWN)]
    client.post(reverse("admin:logout"))
    password(client)
    pages.append(client.get(CODE))
    assert [page.status_code for page in pages] == [200] * 4
    assert [INLINE.findall(page.content.decode()) for page in pages] == [[]] * 4


def test_staff_without_any_right_have_their_own_second_factor_and_no_more(client: Client) -> None:
    Staff.objects.create_user("ana", password=PASSWORD, is_staff=True)
    password(client, name="ana")
    assert recovery_codes(send(client, ENROL, code(shown_secret(client))))
    assert client.get(OWN).status_code == 200
    assert client.get(reverse("admin:users_staff_changelist")).status_code == 403


def test_two_sessions_are_shown_different_secrets(client: Client, eva: Staff) -> None:
    other = Client()
    password(client), password(other)
    assert shown_secret(client) != shown_secret(other)


def test_a_login_needs_password_and_code(client: Client, eva: Staff, secret: str, later: Any) -> None:
    assert client.get(CODE)["Location"] == reverse("admin:login"), "the password comes first"
    later(seconds=30)
    wanted = reverse("admin:users_person_changelist")
    first = client.post(f"{reverse('admin:login')}?next={wanted}", {"username": "eva", "password": PASSWORD})
    assert first["Location"] == CODE
    assert not inside(client)
    assert client.get(ENROL)["Location"] == reverse("admin:login"), "a password is no way to another device"
    password(client)
    assert send(client, CODE, "").status_code == 200, "no try"
    assert send(client, CODE, code(secret)).status_code == 302
    assert inside(client)
    settle()
    assert AuditRecord.objects.latest("id").act == "log_in"


@pytest.mark.parametrize(
    ("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)], ids=lambda value: str(value)
)
def test_a_code_is_good_a_step_before_and_after(secret: str, eva: Staff, later: Any, steps: int, right: bool) -> None:
    later(minutes=5)
    assert devices.use_code(eva, code(secret, steps), clock.real_now()) is right


def test_a_code_works_once_and_so_do_those_before_it(client: Client, eva: Staff, secret: str, later: Any) -> None:
    password(client)
    assert send(client, CODE, code(secret)).status_code == 200, "the one that enrolled"
    later(minutes=1)
    used, before = code(secret), code(secret, -1)
    assert send(client, CODE, used).status_code == 302
    other = Client()
    password(other)
    for typed in (used, before):
        assert send(other, CODE, typed).status_code == 200
    later(seconds=30)
    assert send(other, CODE, used).status_code == 200, "still within its window"
    assert send(other, CODE, code(secret)).status_code == 302


def test_wrong_codes_lock_as_wrong_passwords_do(client: Client, eva: Staff, secret: str, later: Any) -> None:
    later(minutes=1)
    password(client, "wrong")
    password(client)
    answers = [send(client, CODE, "abc").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    locked = send(client, CODE, code(secret))
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert "Too many failed logins" in locked.content.decode()
    assert password(client).status_code == 429, "the password too"
    assert acts().count("second_factor_refused") == 4
    later(minutes=15, seconds=1)
    password(client)
    assert send(client, CODE, code(secret)).status_code == 302


def test_a_right_password_alone_ends_no_count_and_makes_no_address_known(client: Client, secret: str) -> None:
    for _ in range(4):
        password(client)
        send(client, CODE, "abc")
    assert not AccessLog.objects.exists()
    password(client)
    assert send(client, CODE, "abc").status_code == 429


def test_the_password_is_asked_again_after_a_quarter_of_an_hour_and_after_it_changed(
    client: Client, eva: Staff, secret: str, later: Any
) -> None:
    password(client)
    later(minutes=15, seconds=1)
    assert send(client, CODE, code(secret))["Location"] == reverse("admin:login")
    password(client)
    eva.refresh_from_db()
    eva.set_password("another horse battery")
    eva.save()
    assert send(client, CODE, code(secret))["Location"] == reverse("admin:login")


def test_each_recovery_code_lets_in_once(client: Client, eva: Staff, secret: str) -> None:
    made = devices.renew_recovery_codes(eva)
    password(client)
    assert send(client, CODE, made[0].upper().replace("-", " ")).status_code == 302
    assert "9 are left" in client.get(HOME).content.decode()
    assert acts()[-2:] == ["use_recovery_code", "log_in"]
    other = Client()
    password(other)
    assert send(other, CODE, made[0]).status_code == 200
    assert send(other, CODE, made[1]).status_code == 302


@pytest.mark.parametrize(
    ("language", "date"), [("en", "Nov. 29, 2026"), ("es", "29 de noviembre de 2026"), ("ru", "29 ноября 2026")]
)
def test_its_page_writes_the_date_as_the_language_does(
    client: Client, eva: Staff, secret: str, later: Any, language: str, date: str
) -> None:
    password(client)
    later(minutes=1)
    send(client, CODE, code(secret))
    assert f" {date}." in client.get(OWN, headers={"accept-language": language}).content.decode()


def test_new_recovery_codes_need_password_and_code(client: Client, eva: Staff, secret: str, later: Any) -> None:
    old = devices.renew_recovery_codes(eva)
    password(client)
    send(client, CODE, old[0])
    later(minutes=1)
    wrong = send(client, OWN, code(secret), password="wrong", then="codes")
    assert "The password is wrong" in wrong.content.decode()
    assert not recovery_codes(send(client, OWN, "000000", password=PASSWORD, then="codes"))
    made = recovery_codes(send(client, OWN, code(secret), password=PASSWORD, then="codes"))
    assert len(set(made)) == 10
    assert not set(made) & set(old)
    assert devices.codes_left(eva) == 10


def test_another_device_takes_the_place_of_the_first_and_ends_other_sessions(
    client: Client, eva: Staff, secret: str, later: Any
) -> None:
    other = Client()
    for browser in (client, other):
        later(minutes=1)
        password(browser)
        send(browser, CODE, code(secret))
    assert client.get(ENROL)["Location"] == reverse("admin:login"), "not without password and code"
    later(minutes=1)
    assert send(client, OWN, code(secret), password=PASSWORD, then="device")["Location"] == ENROL
    new = shown_secret(client)
    assert recovery_codes(send(client, ENROL, code(new)))
    assert inside(client)
    assert not inside(other)
    later(minutes=1)
    password(other)
    assert send(other, CODE, code(secret)).status_code == 200, "the former device"
    assert send(other, CODE, code(new)).status_code == 302


def test_logins_of_before_have_time_with_a_banner_on_each_page(client: Client, eva: Staff, later: Any) -> None:
    Staff.objects.update(second_factor_due_at=clock.real_now() + timedelta(days=7))
    later(days=6, hours=20)
    assert password(client).status_code == 302
    for page in (HOME, reverse("admin:users_person_changelist"), reverse("admin:password_change"), "/admin/users/"):
        text = client.get(page).content.decode()
        assert "Until Dec. 6, 2026, 12:00 PM UTC the password is enough" in text, page
        assert f'href="{ENROL}"' in text, page
    for _ in range(10):
        later(minutes=25)
        last = client.get(HOME)
    assert last["Location"].startswith("/admin/login/"), "the session ends with the time"
    assert password(client)["Location"] == ENROL


def test_who_enrols_within_the_time_stays_and_other_sessions_end(client: Client, eva: Staff) -> None:
    Staff.objects.update(second_factor_due_at=clock.real_now() + timedelta(days=7))
    other = Client()
    password(client), password(other)
    assert recovery_codes(send(client, ENROL, code(shown_secret(client))))
    assert inside(client)
    assert "the password is enough" not in client.get(HOME).content.decode()
    assert not inside(other)


def test_a_session_without_the_second_factor_ends(client: Client, eva: Staff, secret: str, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "off"
    password(client)
    assert inside(client)
    settings.STAFF_SECOND_FACTOR = "required"
    assert "no longer enough" in client.get(HOME, follow=True).content.decode()
    assert SESSION_KEY not in client.session


def test_a_reset_takes_device_and_codes_ends_sessions_and_is_recorded(
    client: Client, eva: Staff, secret: str, later: Any
) -> None:
    devices.renew_recovery_codes(eva)
    later(minutes=1)
    password(client)
    send(client, CODE, code(secret))
    settle()
    out = StringIO()
    arguments = ["reset_second_factor", "eva", "--reason", "The phone was stolen."]
    call_command(*arguments, "--dry-run", stdout=out)
    assert "would lose its device and 10 recovery codes" in out.getvalue()
    assert inside(client)
    call_command(*arguments, stdout=out)
    settle()
    kept = AuditRecord.objects.latest("id")
    assert (kept.act, kept.reason, kept.object_id) == ("reset_second_factor", "The phone was stolen.", str(eva.pk))
    assert not inside(client)
    assert not Device.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert password(client)["Location"] == ENROL
    for wrong in (["nobody", "--reason", "r"], ["eva", "--reason", " "]):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", *wrong)


def kept(words: list[str]) -> list[tuple[str, str]]:
    """Return which of the words stand in which table, or in a session."""
    tables = ["audit_record", "axes_accessattempt", "axes_accessfailurelog", "axes_accesslog", "staff_device"]
    texts = {"session": str([session.get_decoded() for session in Session.objects.all()])}
    with connection.cursor() as cursor:
        for table in (*tables, "staff_recoverycode", "users_staff"):
            cursor.execute(f"SELECT string_agg(to_jsonb(row)::text, ' ') FROM {table} AS row")
            texts[table] = cursor.fetchone()[0] or ""
    assert texts["axes_accessattempt"], "a failure was counted"
    return [(place, word) for place, text in texts.items() for word in words if word in text]


def test_the_database_and_the_log_hold_no_secret_and_no_code(
    client: Client, eva: Staff, caplog: pytest.LogCaptureFixture, later: Any
) -> None:
    password(client)
    secret = shown_secret(client)
    send(client, ENROL, "482911 ")
    assert kept([secret, "482911"]) == []
    made = recovery_codes(send(client, ENROL, code(secret)))
    client.post(reverse("admin:logout"))
    password(client)
    send(client, CODE, made[3])
    password(other := Client())
    send(other, CODE, "zz-mistyped")
    words = [secret, "zz-mistyped", *made, *(word.replace("-", "") for word in made)]
    assert kept(words) == []
    assert not [word for word in words if word in caplog.text]


def test_what_is_sealed_for_one_login_opens_for_no_other(eva: Staff, secret: str, later: Any) -> None:
    ida = Staff.objects.create_superuser("ida", password=PASSWORD)
    device = Device.objects.get()
    assert devices.open_secret(eva, Sealed(bytes(device.sealed), device.key_id)) == secret
    Device.objects.create(
        login=ida, sealed=device.sealed, key_id=device.key_id, confirmed_at=clock.real_now(), last_step=0
    )
    later(minutes=1)
    assert not devices.use_code(ida, code(secret), clock.real_now())
    assert devices.use_code(eva, code(secret), clock.real_now())


def test_a_right_code_seals_the_device_with_the_first_key(
    client: Client, eva: Staff, secret: str, settings: Any, later: Any
) -> None:
    settings.EVENTS_SEALING_KEYS = {"new": b"n" * 32} | settings.EVENTS_SEALING_KEYS
    later(minutes=1)
    password(client)
    assert send(client, CODE, code(secret)).status_code == 302
    settle()
    settings.EVENTS_SEALING_KEYS = {"new": b"n" * 32}
    later(minutes=1)
    assert devices.use_code(eva, code(secret), clock.real_now())
    assert AuditRecord.objects.latest("id").act == "log_in"


def test_without_the_key_a_recovery_code_still_lets_in(eva: Staff, secret: str, settings: Any, later: Any) -> None:
    made = devices.renew_recovery_codes(eva)
    later(minutes=1)
    settings.EVENTS_SEALING_KEYS = {"other": b"x" * 32}
    assert not devices.use_code(eva, code(secret), clock.real_now())
    assert devices.use_code(eva, made[0], clock.real_now())


@pytest.mark.parametrize("typed", ["", "\0", "١٢٣٤٥٦", "9" * 4400, "\ud800", "'; --", "-"])
def test_crooked_codes_are_wrong_and_no_error(client: Client, eva: Staff, secret: str, typed: str) -> None:
    password(client)
    assert send(client, CODE, typed.encode(errors="replace").decode()).status_code == 200
    assert not devices.use_code(eva, typed, clock.real_now())


def test_what_counts_no_more_is_deleted_each_hour(client: Client, eva: Staff, secret: str, later: Any) -> None:
    password(client, "wrong", "nobody")
    password(client)
    assert tasks.forget_logins() == 0
    later(hours=13)
    assert tasks.forget_logins() == 3, "a failure, its count, a session"
