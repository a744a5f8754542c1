"""Staff set up a second factor, and log in with codes and recovery codes, on a phone and on a desk."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

from diana import clock
from diana.local import ports
from diana.local.supervise import is_healthy
from tests.browser.check_headers import OpenPage, open_page
from tests.browser.conftest import NARROW, WIDE, Diana
from tests.processes import Process, procfile, wait_until

__all__ = ["open_page"]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def address(diana: Diana) -> Iterator[str]:
    """A web process beside the stack's that requires the second factor; the address of its admin."""
    port = ports.free_port()
    environment = diana.stack.environment() | {"STAFF_SECOND_FACTOR": "required", "PORT": str(port)}
    web = Process("web", procfile()["web"], diana.stack.instance.logs / "web_second_factor.log", environment)
    try:
        wait_until(lambda: is_healthy(port), "the web process")
        yield f"http://127.0.0.1:{port}/admin/"
    finally:
        web.stop()


def make_login(diana: Diana, name: str, due: str = "None") -> str:
    """Make a login without a device, and without rights: `ensure_staff` is for the first superuser. Return the name."""
    fields = f"password='{PASSWORD}', is_staff=True, second_factor_due_at={due}"
    make = f"import datetime; Staff.objects.create_user('{name}', {fields})"
    diana.stack.run(f'env DATABASE_URL="$DATABASE_STAFF_URL" python manage.py shell -v 0 -c "{make}"', log="shell")
    return name


def give_password(page: Page, address: str, name: str) -> None:
    """Log in as far as the password goes, in a browser that knows of no login."""
    page.context.clear_cookies()
    page.goto(address)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def send_code(page: Page, code: str, button: str = "Log in") -> None:
    """Type a code and send it."""
    page.get_by_role("textbox", name="Code").fill(code)
    page.get_by_role("button", name=button).click()


def fits(page: Page) -> bool:
    """Say whether nothing of the page lies beside the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_enrolling_and_logging_in(diana: Diana, address: str, open_page: OpenPage, size: tuple[int, int]) -> None:
    name = make_login(diana, f"staff-{size[0]}")
    page = open_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})

    give_password(page, address, name)
    expect(page).to_have_url(f"{address}second-factor/enrol/")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    device = TOTP(page.locator("#secret").inner_text().replace(" ", ""))
    assert fits(page)
    send_code(page, "123", "Confirm")
    expect(page.get_by_text("The code is wrong")).to_be_visible()
    send_code(page, device.at(clock.real_now()), "Confirm")
    codes = page.locator("#recovery-codes li")
    expect(codes).to_have_count(10)
    assert fits(page)
    recovery = codes.first.inner_text()
    page.get_by_role("link", name="I have saved them").click()
    expect(page).to_have_url(address)

    give_password(page, address, name)
    expect(page).to_have_url(f"{address}login/code/")
    assert fits(page)
    send_code(page, "123456 7")
    expect(page.get_by_text("The code is wrong")).to_be_visible()
    # The present one may be used up: it enrolled.
    send_code(page, device.at(clock.real_now(), counter_offset=1))
    expect(page).to_have_url(address)

    give_password(page, address, name)
    send_code(page, recovery)
    expect(page).to_have_url(address)
    expect(page.get_by_text("You used a recovery code: 9 are left.")).to_be_visible()
    page.goto(f"{address}second-factor/")
    expect(page.get_by_role("button", name="Make new recovery codes")).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
def test_the_banner_of_a_login_that_has_time(
    diana: Diana, address: str, open_page: OpenPage, size: tuple[int, int]
) -> None:
    name = make_login(diana, f"old-{size[0]}", due="datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)")
    page = open_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    give_password(page, address, name)
    for part in ("", "password_change/"):
        page.goto(address + part)
        expect(page.get_by_role("status")).to_contain_text("Until Jan. 1, 2100, 12:00 AM UTC the password is enough.")
        assert fits(page)
    page.get_by_role("status").get_by_role("link").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
