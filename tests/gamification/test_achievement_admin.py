"""Achievements in the admin: what staff see and do there, and what nobody can."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.gamification.models import Achievement, AchievementVersion, Unlock
from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, award, event, message, person

pytestmark = pytest.mark.django_db

MODELS = ["achievement", "achievementversion", "unlock"]


@pytest.fixture
def root(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


@pytest.fixture
def unlock() -> Unlock:
    """Somebody's unlock."""
    award(event("user.returned", person(), days_away=9))
    return Unlock.objects.get()


def some(model: str, unlock: Unlock) -> Any:
    """Return the id of a row of the model."""
    version = AchievementVersion.objects.values_list("pk", flat=True).first()
    return {"achievement": "welcome_back", "achievementversion": version}.get(model, unlock.pk)


@pytest.mark.parametrize("model", MODELS)
def test_every_page_shows_and_changes_nothing(root: Client, unlock: Unlock, model: str) -> None:
    assert root.get(reverse(f"admin:gamification_{model}_changelist")).status_code == 200
    address = reverse(f"admin:gamification_{model}_change", args=[some(model, unlock)])
    assert root.get(address).status_code == 200
    assert root.post(address, {}).status_code == 403
    assert root.post(reverse(f"admin:gamification_{model}_delete", args=[some(model, unlock)]), {}).status_code == 403


def test_the_list_tells_how_many_have_it(root: Client, unlock: Unlock) -> None:
    page = root.get(reverse("admin:gamification_achievement_changelist"))
    had = {achievement.pk: achievement.people for achievement in page.context["cl"].result_list}
    assert (had["welcome_back"], had["voice"]) == (1, 0)


def test_unlocks_are_not_added(root: Client) -> None:
    assert root.post(reverse("admin:gamification_unlock_add"), {}).status_code == 403


def test_an_unlock_is_revoked_with_a_reason(root: Client, unlock: Unlock) -> None:
    drain(AWARDS)
    address = f"/admin/gamification/unlock/{unlock.pk}/revoke/"
    for _ in range(2):
        root.post(address, {"reason": "A mistake", "key": "abc"})
    unlock.refresh_from_db()
    assert unlock.revoked_by == "admin:root"
    assert AuditRecord.objects.filter(act="revoke_achievement").count() == 1


def test_an_achievement_is_given_on_the_page_of_an_account(root: Client, unlock: Unlock) -> None:
    address = f"/admin/gamification/account/{unlock.account_id}/grant/"
    assert "Give an achievement" in root.get(address).content.decode()
    sent = {"achievement": "staff_pick", "tier": "single", "reason": "Kind", "key": "abc"}
    for _ in range(2):
        root.post(address, sent)
    assert Unlock.objects.filter(achievement="staff_pick").count() == 1
    refused = root.post(address, sent | {"achievement": "nothing", "key": "x"}, follow=True)
    assert "There is no achievement nothing." in refused.content.decode()


def test_an_achievement_is_switched_off_and_on(root: Client) -> None:
    for active in (False, True):
        root.post("/admin/gamification/achievement/voice/switch/", {"reason": "r", "key": "abc"})
        assert Achievement.objects.get(pk="voice").active is active


def test_a_new_achievement_begins_inactive(root: Client) -> None:
    address = reverse("admin:gamification_achievement_add")
    assert root.get(address).status_code == 200
    sent = {"key": "chatter", "title": "Chatter", "description": "Write.", "category": "social", "reason": "Fun"}
    assert "already exists" in root.post(address, sent | {"key": "voice"}).content.decode()
    assert root.post(address, sent).status_code == 302
    assert not Achievement.objects.get(pk="chatter").active
    assert AuditRecord.objects.get().act == "add_achievement"


def version(**changes: str) -> dict[str, str]:
    """Return what the form for a version sends."""
    later = clock.now() + timedelta(days=1)
    return {
        "achievement": "voice",
        "active_from_0": later.date().isoformat(),
        "active_from_1": "00:00:00",
        "strategy": "counter",
        "config": '{"on": [{"type": "game.message_sent"}]}',
        "tiers": '[{"tier": "bronze", "target": 2}]',
        "bonuses": "{}",
        "reason": "Spring",
    } | changes


def test_a_version_is_shown_before_it_is_kept(root: Client) -> None:
    somebody = person()
    award(message(somebody), message(somebody))
    address = reverse("admin:gamification_achievementversion_add")
    assert root.get(address).status_code == 200
    refused = root.post(address, version(strategy="luck")).content.decode()
    assert "Its marks were made by counter" in refused
    preview = root.post(address, version()).content.decode()
    assert "1 would have it, 1 of them do not yet." in preview
    assert f"/admin/gamification/account/{somebody}/change/" in preview
    assert AchievementVersion.objects.filter(achievement="voice").count() == 1
    assert root.post(address, version(confirmed="1")).status_code == 302
    newest = AchievementVersion.objects.get(achievement="voice", version=2)
    assert (newest.created_by, newest.tiers) == ("root", [{"tier": "bronze", "target": 2}])


def test_who_would_have_it_can_be_seen_at_any_time(root: Client, unlock: Unlock) -> None:
    drain(AWARDS)
    page = root.get("/admin/gamification/achievement/welcome_back/preview/").content.decode()
    assert "1 would have it, 0 of them do not yet." in page
    Achievement.objects.create(pk="bare", title="Bare", description="d", category="social")
    page = root.get("/admin/gamification/achievement/bare/preview/", follow=True).content.decode()
    assert "It has no version yet" in page


def test_acts_need_their_permission(client: Client, unlock: Unlock) -> None:
    ana = Staff.objects.create_user("ana", is_staff=True)
    seen = ["view_account", "view_achievement", "view_achievementversion", "view_unlock"]
    ana.user_permissions.set(Permission.objects.filter(codename__in=seen))
    client.force_login(ana)
    assert client.get(reverse("admin:gamification_unlock_changelist")).status_code == 200
    sent = {"achievement": "staff_pick", "tier": "single", "reason": "r", "key": "abc"}
    acts = (f"account/{unlock.account_id}/grant/", f"unlock/{unlock.pk}/revoke/", "achievement/voice/switch/")
    for address in acts:
        assert client.post(f"/admin/gamification/{address}", sent).status_code == 403
    assert client.post(reverse("admin:gamification_achievementversion_add"), version()).status_code == 403
    assert client.post(reverse("admin:gamification_achievement_add"), {}).status_code == 403
    assert (Unlock.objects.count(), AuditRecord.objects.count()) == (1, 0)
