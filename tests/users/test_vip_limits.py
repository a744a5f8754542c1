"""Days of VIP that one member of staff gives one person add up over 24 hours: above the limit a second person is asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.gamification import services as points
from apps.gamification.models import StaffRequest
from apps.users import services
from apps.users.models import Grant, Person, Staff, VipOverride
from diana import second_person
from diana.acts import StateChanged
from diana.audit import Actor
from diana.audit.models import AuditRecord
from diana.second_person import Asked
from tests.users.conftest import NOW

DAY = timedelta(days=1)
VERA = Actor(999_999, "vera", "admin")


def act(name: str, key: str, actor: Actor = VERA, now: Any = NOW, **parameters: Any) -> object:
    """Do the act, or ask for it, as the admin does."""
    return second_person.act_or_ask(act=name, parameters=parameters, reason="r", actor=actor, key=key, now=now)


def give(person: Person, days: int, key: str, **how: Any) -> object:
    """Grant VIP for so many days."""
    return act("grant_vip", key, person_id=person.pk, source="staff", days=days, **how)


def force(person: Person, mode: str, days: int, key: str) -> object:
    """Force VIP for so many days."""
    return act("override_vip", key, person_id=person.pk, mode=mode, until=(NOW + days * DAY).isoformat())


def approve(asked: object) -> None:
    """Let another member of staff agree."""
    assert isinstance(asked, Asked)
    staff = Staff.objects.filter(username="olga").first() or Staff.objects.create_superuser("olga")
    points.approve(request_id=asked.number, reason="Yes", actor=Actor(staff.pk, "olga", "admin"), now=NOW)


def test_s29_days_to_one_person_add_up(person: Person) -> None:
    other = Person.objects.create(telegram_id=4343, created_at=NOW)
    assert isinstance(give(person, 3_650, "a"), Asked)
    assert isinstance(give(person, 300, "b"), Grant)
    assert isinstance(give(person, 67, "c"), Asked)
    assert isinstance(give(person, 66, "d"), Grant), "366 days are the limit, not above it"
    assert isinstance(act("extend_vip", "e", person_id=person.pk, days=1), Asked)
    assert isinstance(give(other, 366, "f"), Grant), "somebody else"
    assert isinstance(give(person, 366, "g", actor=Actor(5, "olga", "admin")), Grant), "another actor"
    assert isinstance(give(person, 1, "h", now=NOW + DAY - timedelta(seconds=1)), Asked)
    assert isinstance(give(person, 366, "i", now=NOW + DAY), Grant)
    assert isinstance(give(person, 67, "c", now=NOW + 2 * DAY), Asked), "it waits, and is not done beside that"
    assert isinstance(give(person, 300, "b"), Grant)
    assert Grant.objects.count() == 5


def test_what_is_revoked_gives_no_room_back_and_what_is_forced_counts(person: Person) -> None:
    given = give(person, 300, "a")
    assert isinstance(given, Grant)
    services.revoke_grant(grant_id=given.pk, reason="r", actor=VERA, now=NOW)
    assert isinstance(force(person, "on", 67, "b"), Asked)
    assert isinstance(force(person, "on", 60, "c"), VipOverride)
    assert isinstance(force(person, "off", 3_000, "d"), VipOverride), "it gives nothing"
    assert isinstance(give(person, 7, "e"), Asked)
    assert isinstance(give(person, 6, "f"), Grant)
    with pytest.raises(services.InvalidOverride):
        force(person, "on", 5_000, "g")


def test_what_a_second_person_approved_is_done_and_not_counted_again(person: Person) -> None:
    approve(give(person, 1_000, "a"))
    approve(force(person, "on", 1_000, "b"))
    assert isinstance(give(person, 366, "c"), Grant)
    approve(act("extend_vip", "d", person_id=person.pk, days=5))
    assert sorted(Grant.objects.values_list("duration", "granted_by")) == [
        (days * DAY, "vera") for days in (5, 366, 1_000)
    ]
    assert set(AuditRecord.objects.values_list("act", flat=True)) == {
        "ask_for_act",
        "approve_act",
        "grant_vip",
        "override_vip",
    }


def test_many_are_asked_for_as_a_whole_if_one_of_them_had_too_much(person: Person) -> None:
    people = [person.pk, Person.objects.create(telegram_id=4343, created_at=NOW).pk]
    give(person, 300, "a")
    asked = act("grant_vip_to_many", "b", people=people, source="promo", days=100)
    assert isinstance(asked, Asked)
    assert (Grant.objects.count(), StaffRequest.objects.get().points) == (1, 200)
    approve(asked)
    assert Grant.objects.filter(source="promo").count() == 2
    assert act("grant_vip_to_many", "c", people=people, source="promo", days=66) == 2


def test_the_preview_says_what_is_left_and_a_change_of_that_is_shown_anew(person: Person) -> None:
    how: dict[str, Any] = {"act": "grant_vip", "actor": VERA, "now": NOW}
    how["parameters"] = {"person_id": person.pk, "source": "staff", "days": 100}
    give(person, 200, "a")
    shown = second_person.preview_act(**how)
    said = "Days of VIP that you gave this person in the last 24 hours: {} of 366; left: {}."
    assert shown.notes == (said.format(200, 166),)
    give(person, 100, "b")
    again = second_person.preview_act(**how)
    assert again.notes[0] == said.format(300, 66)
    assert "another member of staff must approve" in again.notes[1]
    with pytest.raises(StateChanged):
        second_person.act_or_ask(key="c", reason="r", shown=shown.effect, **how)
    assert isinstance(second_person.act_or_ask(key="c", reason="r", shown=again.effect, **how), Asked)


def test_the_page_of_a_grant_shows_it_first_and_asks_a_second_person(root: Client, person: Person) -> None:
    address = reverse("admin:users_grant_add")
    sent = {"person": person.pk, "source": "staff", "days": "3650", "reason": "for ever", "act_key": "abc"}
    page = root.post(address, sent)
    assert "another member of staff must approve" in page.content.decode()
    assert not StaffRequest.objects.exists()
    sent["shown"] = page.context["shown"]
    after = root.post(address, sent, follow=True).content.decode()
    asked = StaffRequest.objects.get()
    assert f"request {asked.pk} waits" in after
    again = root.post(address, sent | {"days": "3"}).context["preview"]
    assert not Grant.objects.exists(), "other days than those that were shown"
    assert "left: 366" in again.notes[0]
    listed = reverse("admin:gamification_staffrequest_changelist")
    assert "3650 days" in root.get(listed).content.decode()
    root.force_login(Staff.objects.create_superuser("olga"))
    approval: dict[str, Any] = {"reason": "Yes", "key": "d"}
    approving = reverse("admin:gamification_staffrequest_approve", args=[asked.pk])
    shown = root.post(approving, approval).context
    assert not any("another member" in note for note in shown["preview"].notes)
    root.post(approving, approval | {"shown": shown["shown"]})
    assert Grant.objects.get().granted_by == "root"
