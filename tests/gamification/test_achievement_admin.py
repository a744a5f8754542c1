"""Achievements in the admin: what staff see and do there, and what nobody can."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.gamification import selectors, services
from apps.gamification.models import Achievement, AchievementVersion, Entry, StaffRequest, Unlock
from apps.users.models import Staff
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, event, message, person

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


def confirm(client: Client, address: str, sent: dict[str, str]) -> list[str]:
    """Look at what it would change and confirm that, with a double click; return the two pages after it."""
    shown = client.post(address, sent).context["shown"]
    return [client.post(address, sent | {"shown": shown}, follow=True).content.decode() for _ in range(2)]


def changes(page: Any) -> list[tuple[object, object]]:
    """Return what the page says of before and after: what the act is about, then the points."""
    return [(change.before, change.after) for change in page.context["preview"].changes]


def test_an_unlock_is_revoked_with_a_reason_once_however_often_it_is_clicked(root: Client, unlock: Unlock) -> None:
    drain(AWARDS)
    address, sent = f"/admin/gamification/unlock/{unlock.pk}/revoke/", {"reason": "A mistake", "key": "abc"}
    assert changes(root.post(address, sent)) == [("secret", "–"), (75, 0), (75, 0), (1, 1)]
    unlock.refresh_from_db()
    assert unlock.revoked_at is None
    assert all("Done, and recorded." in page for page in confirm(root, address, sent))
    unlock.refresh_from_db()
    assert unlock.revoked_by == "admin:root"
    assert AuditRecord.objects.filter(act="revoke_achievement").count() == 1
    assert Entry.objects.filter(kind="reversal").count() == 1
    assert "revoked before" in root.post(address, sent | {"key": "other"}, follow=True).content.decode()


def test_a_revocation_that_would_take_less_by_now_is_shown_anew(root: Client, unlock: Unlock) -> None:
    drain(AWARDS)
    address, sent = f"/admin/gamification/unlock/{unlock.pk}/revoke/", {"reason": "A mistake", "key": "abc"}
    shown = root.post(address, sent).context["shown"]
    services.award(person_id=unlock.account_id, amount=-70, reason="r", actor=STAFF, key="k", now=NOON)
    page = root.post(address, sent | {"shown": shown})
    assert "Something changed meanwhile" in page.content.decode()
    assert changes(page)[1] == (5, 0)
    unlock.refresh_from_db()
    assert unlock.revoked_at is None


GIFT = {"achievement": "staff_pick", "tier": "single", "reason": "Kind", "key": "abc"}


def test_an_achievement_is_given_on_the_page_of_an_account(root: Client, unlock: Unlock) -> None:
    drain(AWARDS)
    address = f"/admin/gamification/account/{unlock.account_id}/grant/"
    assert "Give an achievement" in root.get(address).content.decode()
    assert changes(root.post(address, GIFT)) == [("–", "single"), (0, 40), (75, 75), (75, 75), (1, 1)]
    assert Unlock.objects.count() == 1
    assert all("Done, and recorded." in page for page in confirm(root, address, GIFT))
    assert Unlock.objects.filter(achievement="staff_pick").count() == 1
    assert AuditRecord.objects.filter(act="grant_achievement").count() == 1
    drain(AWARDS)
    assert selectors.balance(unlock.account_id) == 75 + 40
    refused = root.post(address, GIFT | {"achievement": "nothing", "key": "x"}, follow=True)
    assert "There is no achievement nothing." in refused.content.decode()


def test_what_somebody_else_gave_meanwhile_is_refused(root: Client, unlock: Unlock) -> None:
    address = f"/admin/gamification/account/{unlock.account_id}/grant/"
    shown = root.post(address, GIFT).context["shown"]
    given = {name: GIFT[name] for name in ("achievement", "tier", "reason")}
    services.grant_achievement(person_id=unlock.account_id, actor=STAFF, key="theirs", now=NOON, **given)
    assert "has it already" in root.post(address, GIFT | {"shown": shown}, follow=True).content.decode()
    assert Unlock.objects.filter(achievement="staff_pick").count() == 1


def test_a_gift_whose_reward_is_another_by_now_is_shown_anew(root: Client, unlock: Unlock) -> None:
    address = f"/admin/gamification/account/{unlock.account_id}/grant/"
    shown = root.post(address, GIFT).context["shown"]
    services.set_rule_active(rule="achievement_unlocked", active=False, reason="r", actor=STAFF, now=NOON)
    page = root.post(address, GIFT | {"shown": shown})
    assert "Something changed meanwhile" in page.content.decode()
    assert changes(page)[1] == (0, 0)
    assert not Unlock.objects.filter(achievement="staff_pick").exists()


def test_a_late_second_click_asks_nobody_for_what_is_done(root: Client, unlock: Unlock, settings: Any) -> None:
    address = f"/admin/gamification/account/{unlock.account_id}/grant/"
    shown = root.post(address, GIFT).context["shown"]
    for limit in (40, 39):
        settings.STAFF_APPROVAL_ABOVE = limit
        page = root.post(address, GIFT | {"shown": shown}, follow=True)
        assert "Done, and recorded." in page.content.decode()
    assert not StaffRequest.objects.exists()


def test_a_reward_above_the_limit_needs_a_second_person(
    client: Client, root: Client, unlock: Unlock, settings: Any
) -> None:
    settings.STAFF_APPROVAL_ABOVE = 39
    drain(AWARDS)
    confirm(root, f"/admin/gamification/account/{unlock.account_id}/grant/", GIFT)
    confirm(root, f"/admin/gamification/unlock/{unlock.pk}/revoke/", {"reason": "r", "key": "def"})
    assert Unlock.objects.filter(revoked_at=None).count() == 1
    client.force_login(Staff.objects.create_superuser("olga"))
    for asked, points in zip(StaffRequest.objects.order_by("pk"), (40, 75), strict=True):
        assert asked.points == points
        address = reverse("admin:gamification_staffrequest_approve", args=[asked.pk])
        assert "Approved, done" in confirm(client, address, {"reason": "Yes", "key": "g"})[0]
    assert Unlock.objects.get(revoked_at=None).granted_by == "admin:root"


def test_an_achievement_is_switched_off_and_on(root: Client) -> None:
    for active in (False, True):
        confirm(root, "/admin/gamification/achievement/voice/switch/", {"reason": "r", "key": "abc"})
        assert Achievement.objects.get(pk="voice").active is active


def test_keys_with_underscores_are_found_by_the_addresses_that_pages_link_to(root: Client) -> None:
    page = root.get(reverse("admin:gamification_achievement_change", args=[quote("welcome_back")])).content.decode()
    for address in ("welcome_5Fback/switch/", "welcome_5Fback/preview/"):
        assert address in page
        assert root.get(f"/admin/gamification/achievement/{address}").status_code == 200


def test_a_new_achievement_begins_inactive(root: Client) -> None:
    address = reverse("admin:gamification_achievement_add")
    assert root.get(address).status_code == 200
    sent = {"key": "chatter", "title": "Chatter", "description": "Write.", "category": "social", "reason": "Fun"}
    assert "already exists" in root.post(address, sent | {"key": "voice"}).content.decode()
    confirm(root, address, sent)
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
