"""The admin of points: what staff see and do there, and what nobody can."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.gamification import selectors
from apps.gamification.models import Account, Entry, MultiplierVersion, Rule, RuleVersion
from apps.users.models import Staff
from diana import clock
from diana.events.models import StoredEvent
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, award, daily, event, message, person
from tests.records import acts

pytestmark = pytest.mark.django_db

MODELS = ["account", "entry", "rule", "ruleversion", "multiplierversion"]


@pytest.fixture
def root(client: Client) -> Client:
    """A superuser's browser."""
    client.force_login(Staff.objects.create_superuser("root"))
    return client


@pytest.fixture
def entry() -> Entry:
    """The entry of somebody's daily visit."""
    award(daily(person()))
    return Entry.objects.get()


def some(model: str) -> Any:
    """Return the id of a row of the model."""
    classes = {"account": Account, "entry": Entry, "rule": Rule, "ruleversion": RuleVersion}
    return classes.get(model, MultiplierVersion).objects.values_list("pk", flat=True).first()  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", MODELS)
def test_every_page_shows(root: Client, entry: Entry, model: str) -> None:
    assert root.get(reverse(f"admin:gamification_{model}_changelist")).status_code == 200
    assert root.get(reverse(f"admin:gamification_{model}_change", args=[some(model)])).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_changed_or_deleted_even_by_the_superuser(root: Client, entry: Entry, model: str) -> None:
    assert root.post(reverse(f"admin:gamification_{model}_change", args=[some(model)]), {}).status_code == 403
    assert root.post(reverse(f"admin:gamification_{model}_delete", args=[some(model)]), {}).status_code == 403


@pytest.mark.parametrize("model", MODELS[:3])
def test_accounts_entries_and_rules_are_not_added(root: Client, model: str) -> None:
    assert root.post(reverse(f"admin:gamification_{model}_add"), {}).status_code == 403


def test_an_entry_says_why(root: Client, entry: Entry) -> None:
    page = root.get(reverse("admin:gamification_entry_change", args=[entry.pk])).content.decode()
    assert "pays a base of 50" in page
    assert bytes(entry.hash).hex() in page


def confirm(client: Client, address: str, values: dict[str, Any]) -> Any:
    """Fill the form in, look at what it would change, confirm that; return the page after it."""
    shown = client.post(address, values).context["shown"]
    return client.post(address, values | {"shown": shown}, follow=True)


def test_points_are_given_once_however_often_the_form_is_sent(root: Client, entry: Entry) -> None:
    address = f"/admin/gamification/account/{entry.account_id}/award/"
    assert "Give or take points" in root.get(address).content.decode()
    sent = {"amount": "25", "reason": "Poetry", "key": "abc"}
    page = root.post(address, sent)
    assert ">75<" in page.content.decode(), "what it would be"
    assert Entry.objects.count() == 1
    for _ in range(2):
        after = root.post(address, sent | {"shown": page.context["shown"]}, follow=True)
        assert "Done, and recorded." in after.content.decode()
    assert selectors.balance(entry.account_id) == 75
    record = acts().get()
    assert (record.actor, record.origin, record.reason) == ("root", "admin", "Poetry")
    assert root.post(address, {"amount": "25", "reason": "", "key": "x"}).status_code == 200
    refused = root.post(address, {"amount": "0", "reason": "r", "key": "x"}, follow=True)
    assert "The amount must lie" in refused.content.decode()
    assert selectors.balance(entry.account_id) == 75


def test_an_entry_is_reversed_with_a_reason(root: Client, entry: Entry) -> None:
    confirm(root, f"/admin/gamification/entry/{entry.pk}/reverse/", {"reason": "A mistake", "key": "abc"})
    assert selectors.balance(entry.account_id) == 0


def test_acts_need_their_permission(client: Client, entry: Entry) -> None:
    ana = Staff.objects.create_user("ana", is_staff=True)
    ana.user_permissions.set(Permission.objects.filter(codename__in=["view_account", "view_entry", "view_rule"]))
    client.force_login(ana)
    assert client.get(reverse("admin:gamification_entry_changelist")).status_code == 200
    sent = {"amount": "25", "reason": "r", "key": "abc"}
    for address in (f"account/{entry.account_id}/award/", f"entry/{entry.pk}/reverse/", "rule/login/switch/"):
        assert client.post(f"/admin/gamification/{address}", sent).status_code == 403
    assert client.get(reverse("admin:gamification_ruleversion_add")).status_code == 403
    assert Entry.objects.count() == 1


def test_a_rule_is_switched_off_with_a_reason(root: Client) -> None:
    confirm(root, "/admin/gamification/rule/login/switch/", {"reason": "Too easy", "key": "abc"})
    assert not Rule.objects.get(pk="login").active
    assert acts().get().act == "retire_rule"


def test_a_rule_is_found_by_the_quoted_key_in_addresses(root: Client) -> None:
    confirm(root, "/admin/gamification/rule/message_5Fsent/switch/", {"reason": "Too easy", "key": "abc"})
    assert not Rule.objects.get(pk="message_sent").active


def version(**changes: str) -> dict[str, str]:
    """Return what the form for a version of a rule sends."""
    later = clock.now() + timedelta(days=1)
    return {
        "rule": "message_sent",
        "active_from_0": later.date().isoformat(),
        "active_from_1": "00:00:00",
        "event_type": "game.message_sent",
        "base": "7",
        "limits": '[{"per": "hour", "count": 10}]',
        "conditions": "[]",
        "amounts": "",
        "capped": "on",
        "multiplied": "on",
        "reason": "Spring",
    } | changes


def test_a_version_is_added_or_refused_with_the_reason(root: Client) -> None:
    address = reverse("admin:gamification_ruleversion_add")
    assert root.get(address).status_code == 200
    refused = root.post(address, version(event_type="game.nothing"))
    assert "No class has the event type game.nothing." in refused.content.decode()
    assert root.post(address, version(_previewed="1")).status_code == 302
    newest = RuleVersion.objects.get(rule="message_sent", version=2)
    assert (newest.base, newest.created_by, newest.amounts) == (7, "root", None)


def test_a_version_for_later_is_told_now(root: Client) -> None:
    assert root.post(reverse("admin:gamification_ruleversion_add"), version(_previewed="1")).status_code == 302
    sent = {k: v for k, v in version().items() if k in ("active_from_0", "active_from_1", "reason")}
    root.post(reverse("admin:gamification_multiplierversion_add"), sent | {"config": '{"daily_cap": 900}'})
    told = StoredEvent.objects.filter(type__startswith="admin.").values_list("type", "occurred_at")
    assert "admin.rule_activated" in dict(told)
    assert all(at <= clock.now() for _, at in told)


def test_a_version_that_has_begun_since_the_form_was_checked_is_added(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = clock.now() - timedelta(seconds=1)
    monkeypatch.setattr("apps.gamification.admin.rules.services.check_version", lambda *_: None)
    monkeypatch.setattr("apps.gamification.admin.rules.services.checked_multipliers", lambda *_: None)
    day = {"active_from_0": begun.date().isoformat(), "active_from_1": f"{begun:%H:%M:%S}"}
    assert root.post(reverse("admin:gamification_ruleversion_add"), version(_previewed="1", **day)).status_code == 302
    assert RuleVersion.objects.filter(rule="message_sent", version=2).exists()
    sent = day | {"reason": "Spring", "config": '{"daily_cap": 900}'}
    confirm(root, reverse("admin:gamification_multiplierversion_add"), sent)
    assert MultiplierVersion.objects.get(pk=2).config["daily_cap"] == 900


def test_bonuses_are_added_or_refused_with_the_reason(root: Client) -> None:
    address = reverse("admin:gamification_multiplierversion_add")
    assert "daily_cap" in root.get(address).content.decode()
    sent = {k: v for k, v in version().items() if k in ("active_from_0", "active_from_1", "reason")}
    assert "nonsense" in root.post(address, sent | {"config": '{"nonsense": 1}'}).content.decode()
    confirm(root, address, sent | {"config": '{"daily_cap": 900}'})
    assert MultiplierVersion.objects.get(pk=2).config["daily_cap"] == 900


def test_a_new_version_shows_what_it_would_have_paid_before_it_is_added(root: Client) -> None:
    award(*[message(person()) for _ in range(2)], at=clock.now() - timedelta(hours=1))
    address = reverse("admin:gamification_ruleversion_add")
    shown = root.post(address, version()).content.decode()
    assert "2 people: 10 points before, 14 after" in shown
    assert 'name="_previewed"' in shown
    assert not RuleVersion.objects.filter(rule="message_sent", version=2).exists()


def test_a_preview_of_an_empty_week_says_so(root: Client) -> None:
    assert "nothing to compare" in root.post(reverse("admin:gamification_ruleversion_add"), version()).content.decode()


def test_a_time_with_a_bonus_is_added_once_and_refused_with_the_reason(root: Client) -> None:
    address = "/admin/gamification/multiplierversion/add-window/"
    assert "Starts, UTC" in root.get(address).content.decode()
    day = (clock.now() + timedelta(days=1)).date().isoformat()
    sent = {"percent": "50", "reason": "Fest", "key": "abc"}
    sent |= {"starts_0": day, "starts_1": "10:00:00", "ends_0": day, "ends_1": "12:00:00"}
    for _ in range(2):
        confirm(root, address, sent)
    window = MultiplierVersion.objects.get(pk=2).config["windows"][0]
    assert (window["basis_points"], window["starts"]) == (5000, f"{day}T10:00:00Z")
    refused = root.post(address, sent | {"percent": "51", "key": "x"}, follow=True).content.decode()
    assert "at most +100 %" in refused
    assert MultiplierVersion.objects.count() == 2
    assert "+50 %" in root.get(reverse("admin:gamification_multiplierversion_changelist")).content.decode()


def test_a_streak_is_repaired_with_a_reason_or_the_page_says_why_not(
    root: Client, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/admin/gamification/account/{entry.account_id}/repair-streak/"
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=6))
    refused = root.post(address, {"reason": "r", "key": "a"}, follow=True).content.decode()
    assert "There is nothing to repair" in refused
    for day in (11, 13, 15):
        award(event("user.active_day", entry.account_id, local_date=f"2026-03-{day}"))
    award(event("game.day_ended", entry.account_id, local_date="2026-03-16"))
    sent = {"reason": "A fair one", "key": "b"}
    page = root.post(address, sent)
    assert [(c.before, c.after) for c in page.context["preview"].changes[:2]] == [(0, 3), ("–", "2026-03-16")]
    assert not acts().exists()
    for _ in range(2):
        done = root.post(address, sent | {"shown": page.context["shown"]}, follow=True).content.decode()
        assert "Done, and recorded." in done
        drain(AWARDS)
    assert acts().get().after["bridged"] == ["2026-03-16"]
    assert selectors.standing(entry.account_id).streak_days == 3


def test_a_repair_that_would_bridge_other_dates_by_now_is_shown_anew(
    root: Client, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/admin/gamification/account/{entry.account_id}/repair-streak/"
    for day in (11, 13, 15):
        award(event("user.active_day", entry.account_id, local_date=f"2026-03-{day}"))
    award(event("game.day_ended", entry.account_id, local_date="2026-03-16"))
    sent = {"reason": "A fair one", "key": "b"}
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=6))
    shown = root.post(address, sent).context["shown"]
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=7))
    page = root.post(address, sent | {"shown": shown}).content.decode()
    assert "Something changed meanwhile" in page
    assert "2026-03-16, 2026-03-17" in page
    assert not acts().exists()
