"""A time zone that this machine's files do not know is taken as UTC: no page is an error, and it can be set anew."""

import pytest

from apps.bot import pages
from apps.bot.pages.registry import PAGES, VERBS
from apps.users.models import Person
from apps.users.services import find_or_add_person, register
from diana import clock
from diana.events.models import Delivery, Failure
from diana.sandbox.running import Sandbox
from tests.bot.updates import ADA, answer, deliver, press, say, texts


@pytest.fixture
def nowhere(transactional: None) -> int:
    """A person whose row names a zone of another machine."""
    person_id = find_or_add_person(telegram_id=ADA, now=clock.now())
    register(
        person_id=person_id,
        first_name="Ada",
        last_name="",
        username="",
        language_code="en",
        now=clock.now(),
        key="register",
        invite_code=None,
    )
    Person.objects.update(timezone="Europe/Nowhere")
    return person_id


@pytest.fixture
def transactional(db: None) -> None:
    """Have a transaction of the test's own."""


@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_is_shown(nowhere: int, page: str) -> None:
    assert pages.show(page, nowhere, now=clock.now(), key_prefix="update:1")


@pytest.mark.parametrize(("screen", "verb"), sorted(VERBS))
def test_every_button_leads_somewhere(nowhere: int, screen: str, verb: str) -> None:
    button = pages.parse_callback(f"v1|{screen}|{verb}|{nowhere}")
    assert pages.press(button, nowhere, now=clock.now(), key_prefix="update:1", private=True, arrived_at=clock.now())


@pytest.mark.usefixtures("committed_db")
def test_the_person_sets_a_known_one(sandbox: Sandbox) -> None:
    person_id = say("/start").person_id
    answer()
    Person.objects.update(timezone="Europe/Nowhere")
    say("/settings")
    deliver(press(f"v1|set|tz|{person_id}.UTC"))
    answer()
    assert "UTC" in sandbox.calls(method="editMessageText")[-1].parameters["text"] or texts(sandbox)
    assert Person.objects.get().timezone == "UTC"
    assert not Delivery.objects.exists()
    assert not Failure.objects.exists()
