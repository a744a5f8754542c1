"""The pages on which staff act: nothing is done that was not shown, and nothing twice."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.gamification import selectors, services
from apps.gamification.models import Entry, Flag, StaffRequest
from apps.users.models import Staff
from tests.gamification.acts import NOON, STAFF, award, daily, person
from tests.gamification.test_abuse import spam, watch
from tests.gamification.test_admin import confirm
from tests.gamification.test_services import give
from tests.records import acts

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


@pytest.fixture
def somebody() -> int:
    """A person with fifty points."""
    found = person()
    award(daily(found))
    return found


def award_page(person_id: int) -> str:
    """Return the address on which points are given."""
    return reverse("admin:gamification_account_award_points", args=[person_id])


SENT = {"amount": "-40", "reason": "Cheating", "key": "abc"}


def test_if_something_changed_that_matters_it_is_refused_and_shown_anew(root: Client, somebody: int) -> None:
    address = award_page(somebody)
    shown = root.post(address, SENT).context["shown"]
    give(somebody, -30)
    page = root.post(address, SENT | {"shown": shown})
    assert "Something changed meanwhile" in page.content.decode()
    assert selectors.balance(somebody) == 20
    root.post(address, SENT | {"shown": page.context["shown"]})
    assert selectors.balance(somebody) == 0


def test_if_something_changed_that_does_not_matter_it_is_done(root: Client, somebody: int) -> None:
    shown = root.post(award_page(somebody), SENT).context["shown"]
    give(somebody, 3)
    root.post(award_page(somebody), SENT | {"shown": shown})
    assert selectors.balance(somebody) == 13


@pytest.mark.parametrize("change", [{"amount": "-41"}, {"reason": "Another"}, {"key": "another"}])
def test_what_was_shown_for_something_else_is_no_confirmation(
    root: Client, somebody: int, change: dict[str, str]
) -> None:
    shown = root.post(award_page(somebody), SENT).context["shown"]
    page = root.post(award_page(somebody), SENT | change | {"shown": shown})
    assert page.context["preview"] is not None
    assert selectors.balance(somebody) == 50


def test_what_was_shown_to_another_or_for_another_or_made_up_is_no_confirmation(client: Client, somebody: int) -> None:
    shown = []
    for name in ("ana", "olga"):
        client.force_login(Staff.objects.create_superuser(name))
        shown.append(client.post(award_page(somebody), SENT).context["shown"])
    other = person()
    give(other, 50, "o")
    for address, token in (
        (award_page(somebody), shown[0]),
        (award_page(other), shown[1]),
        (award_page(other), "x:y:z"),
    ):
        assert client.post(address, SENT | {"shown": token}).context["preview"] is not None
    assert (selectors.balance(somebody), selectors.balance(other)) == (50, 50)


BAD = [
    ("amount", str(2**63), "must lie"),
    ("amount", "-" + "9" * 400, "must lie|whole number|digits"),
    ("amount", "0", "must lie"),
    ("amount", "1e5", "whole number"),
    ("amount", "NaN", "whole number"),
    ("reason", "x" * 1001, "at most 1000"),
    ("reason", " \n", "required"),
    ("reason", "a\x00b", "Null characters"),
    ("key", "A B", "valid value"),
]


@pytest.mark.parametrize(("field", "value", "message"), BAD)
def test_f45_bad_values_are_refused_without_a_trace(
    root: Client, somebody: int, field: str, value: str, message: str
) -> None:
    response = root.post(award_page(somebody), SENT | {field: value}, follow=True)
    assert response.status_code == 200
    text = response.content.decode()
    assert any(part in text for part in message.split("|")) or field == "key"
    assert (Entry.objects.count(), acts().count()) == (1, 0)


def test_above_the_limit_it_becomes_a_request_that_another_approves(client: Client, somebody: int) -> None:
    sent = {"amount": "20000", "reason": "The final", "key": "abc"}
    client.force_login(Staff.objects.create_superuser("ana"))
    page = client.post(award_page(somebody), sent)
    assert "another member of staff must approve" in page.content.decode()
    after = confirm(client, award_page(somebody), sent).content.decode()
    asked = StaffRequest.objects.get()
    assert f"request {asked.pk} waits" in after
    approve = reverse("admin:gamification_staffrequest_approve", args=[asked.pk])
    own = reverse("admin:gamification_staffrequest_change", args=[asked.pk])
    assert approve not in client.get(own).content.decode()
    assert "You asked for this yourself" in confirm(client, approve, {"reason": "Me", "key": "d"}).content.decode()
    assert selectors.balance(somebody) == 50
    client.force_login(Staff.objects.create_superuser("olga"))
    assert approve in client.get(own).content.decode()
    assert "Approved, done" in confirm(client, approve, {"reason": "Yes", "key": "d"}).content.decode()
    assert selectors.balance(somebody) == 20_050
    assert "decided already" in refuse_late(client, asked)


def refuse_late(client: Client, asked: StaffRequest) -> str:
    """Try to refuse the request; return the page after it."""
    address = reverse("admin:gamification_staffrequest_refuse", args=[asked.pk])
    response: Any = client.post(address, {"reason": "No", "key": "e"}, follow=True)
    return response.content.decode()


def test_a_flag_lists_what_was_earned_by_rule_and_what_staff_gave_by_kind(root: Client) -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    services.award(person_id=somebody, amount=7, reason="r", actor=STAFF, key="k", now=NOON)
    spam(somebody)
    page = root.get(reverse("admin:gamification_flag_change", args=[Flag.objects.get().pk])).content.decode()
    entries = re.findall(r"<li><a [^>]*>\d+</a> [-0-9]+ [:0-9]+ (.+?)</li>", page)
    assert "message_sent +5 (award)" in entries
    assert entries[-1] == "award by staff +7 (award by staff)"


def test_the_queue_shows_flags_and_what_is_held_and_ends_them(root: Client) -> None:
    page = root.get(reverse("admin:gamification_flag_changelist")).content.decode()
    assert "There is nothing in this list yet." in page
    watch(rapid_fire={"action": "flag"})
    for _ in range(2):
        spam(person())
    confirmed, dismissed = Flag.objects.order_by("pk")
    queue = root.get(reverse("admin:gamification_flag_changelist"), {"status__exact": "open"}).content.decode()
    assert "rapid fire" in queue
    page = root.get(reverse("admin:gamification_flag_change", args=[confirmed.pk])).content.decode()
    paid = services.paid_in_span(confirmed)[0]
    assert reverse("admin:gamification_entry_change", args=[paid.pk]) in page
    assert "message_sent" in page
    address = reverse("admin:gamification_flag_confirm", args=[confirmed.pk])
    assert str(paid.pk) in root.get(address).content.decode()
    sent = {"reverse": [str(paid.pk)], "penalty": "7", "reason": "A script", "key": "abc"}
    shown = root.post(address, sent).context["shown"]
    for _ in range(2):
        after = root.post(address, sent | {"shown": shown}, follow=True).content.decode()
        assert "Done, and recorded." in after
    assert selectors.balance(confirmed.account_id) == 50 - 5 - 7
    address = reverse("admin:gamification_flag_dismiss", args=[dismissed.pk])
    page = root.post(address, {"reason": "A party", "key": "abc"})
    assert ">65<" in page.content.decode()
    root.post(address, {"reason": "A party", "key": "abc", "shown": page.context["shown"]})
    assert selectors.balance(dismissed.account_id) == 65
    late = root.post(address, {"reason": "Again", "key": "def"}, follow=True).content.decode()
    assert "was decided already" in late
    assert address not in root.get(reverse("admin:gamification_flag_change", args=[dismissed.pk])).content.decode()


@pytest.mark.parametrize("penalty", ["-1", str(2**63), "x"])
def test_f45_a_penalty_that_makes_no_sense_is_refused(root: Client, penalty: str) -> None:
    watch(rapid_fire={"action": "flag"})
    spam(person())
    address = reverse("admin:gamification_flag_confirm", args=[Flag.objects.get().pk])
    sent = {"penalty": penalty, "reason": "r", "key": "k", "reverse": ["x", "-1", str(2**70)]}
    assert root.post(address, sent).context["preview"] is None
