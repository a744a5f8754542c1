"""Every page on which staff change something shows first what that comes to: one POST changes nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.gamification import services
from apps.gamification.models import Achievement, MultiplierVersion, Rule
from apps.users.models import Staff
from diana import clock
from diana.audit import Actor
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.gamification.acts import person
from tests.users.conftest import root

__all__ = ["root"]

pytestmark = pytest.mark.django_db


def moment(name: str, days: int) -> dict[str, str]:
    """Return the two fields of a moment at midnight."""
    return {f"{name}_0": (clock.now() + timedelta(days=days)).date().isoformat(), f"{name}_1": "00:00:00"}


def achievement() -> dict[str, str]:
    """Return what the form of a new achievement sends."""
    names = {"key": "kind", "title": "Kind", "description": "Be kind", "category": "social"}
    return names | {"reason": "r"}


def bonuses() -> dict[str, str]:
    """Return what the form of a version of the bonuses sends."""
    return moment("active_from", 2) | {"config": '{"daily_cap": 900}', "reason": "r"}


ACT = {"reason": "r", "key": "k2"}
PAGES: list[tuple[str, Any]] = [
    ("gamification/rule/message_5Fsent/switch/", lambda: ACT),
    ("gamification/achievement/staff_5Fpick/switch/", lambda: ACT),
    ("gamification/achievement/add/", achievement),
    ("gamification/multiplierversion/add/", bonuses),
    (
        "gamification/multiplierversion/add-window/",
        lambda: ACT | {"percent": "50"} | moment("starts", 2) | moment("ends", 3),
    ),
    ("gamification/staffrequest/{asked}/refuse/", lambda: ACT),
]


@pytest.mark.parametrize(("page", "data"), PAGES, ids=[page for page, _ in PAGES])
def test_one_post_changes_nothing_and_what_was_shown_is_done_once(root: Client, page: str, data: Any) -> None:
    asked: Any = services.act_or_ask(
        act="award_points",
        parameters={"person_id": person(), "amount": 20_000},
        reason="r",
        actor=Actor(999_999, "vera", "admin"),
        key="asked",
        now=clock.now(),
    )
    address, sent = f"/admin/{page}".format(asked=asked.pk), data()
    before = AuditRecord.objects.count(), StoredEvent.objects.count()
    shown = root.post(address, sent)
    assert shown.context["preview"].changes, "says what changes"
    assert (AuditRecord.objects.count(), StoredEvent.objects.count()) == before
    # A double click is one act.
    for _ in range(2):
        root.post(address, sent | {"shown": shown.context["shown"]})
        assert AuditRecord.objects.count() == before[0] + 1


def test_a_rule_that_somebody_else_switched_meanwhile_is_shown_anew(root: Client) -> None:
    address = "/admin/gamification/rule/message_5Fsent/switch/"
    pages = [root.post(address, ACT | {"key": key}).context["shown"] for key in ("a1", "b1")]
    assert root.post(address, ACT | {"key": "a1", "shown": pages[0]}).status_code == 302
    late = root.post(address, ACT | {"key": "b1", "shown": pages[1]})
    assert "Something changed meanwhile" in late.content.decode()
    assert not Rule.objects.get(pk="message_sent").active


def test_only_who_may_add_is_shown_what_it_comes_to(client: Client) -> None:
    client.force_login(Staff.objects.create_user("ana", is_staff=True))
    for name, data in (("achievement", achievement()), ("multiplierversion", bonuses())):
        assert client.post(reverse(f"admin:gamification_{name}_add"), data).status_code == 403
    assert not Achievement.objects.filter(pk="kind").exists()
    assert MultiplierVersion.objects.count() == 1
