"""Role x page, by real requests: every page of the admin's registry, who may open it, and nobody else.

A page that stands in no table of apps/staff/matrix.py must refuse everybody but superusers who may look at it; a model without a
row is an error. So whoever adds a page, says there whose it is.
"""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, resolve, reverse
from pytest_django.plugin import DjangoDbBlocker

from apps.bot.models import Chat, Notice, Refusal, Unreadable, Update
from apps.gamification.models import Account, Entry, Flag, MultiplierVersion, Rule, RuleVersion, StaffRequest, Unlock
from apps.payments.services import ask_for_refund, take_refund
from apps.staff.matrix import ACTS, LEVELS, LIST_ACTIONS, VIEW, WRITE
from apps.staff.roles import ROLES
from apps.users.models import Grant, Person, Referral, Staff
from apps.users.services import grant_vip
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.models import Cursor, Delivery, Failure, StoredEvent
from tests.gamification.acts import NOON, STAFF, award, daily, event, person
from tests.gamification.test_abuse import spam, watch
from tests.gamification.test_requests import ask
from tests.payments.paying import buy

# What no role has: logins and rights, and what no page shows.
KEPT = {
    "bot.view_addition",
    "bot.view_chat",
    "bot.view_startpayload",
    "payments.view_giftguesses",
    "periodic.view_slot",
    "users.add_staff",
    "users.change_staff",
    "users.delete_staff",
}
DJANGO = {"admin", "auth", "axes", "contenttypes", "sessions"}
# What holds the proof: not even superusers, on no way.
UNTOUCHABLE = [AuditRecord, Account, Entry, StoredEvent, Flag, StaffRequest, Unlock]

REGISTRY: list[type[Model]] = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[dict[str, Any], dict[str, Client]]]:
    """The rows and everybody's browser: made once, in a transaction around all tests of this file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_rows(), {level: login(level) for level in LEVELS}
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def rows(
    world: tuple[dict[str, Any], dict[str, Client]], django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Any]]:
    """One row's key of every registered model, by the model's label; what the test does to them is taken back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield world[0]
        transaction.set_rollback(True)


@pytest.fixture
def browsers(world: tuple[dict[str, Any], dict[str, Client]]) -> dict[str, Client]:
    """The browser of somebody of each level."""
    return world[1]


def make_rows() -> dict[str, Any]:
    """Make one row of every registered model; return their keys by the models' labels."""
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    award(daily(somebody), event("user.returned", somebody, days_away=9))
    spam(somebody)
    ask(somebody)
    grant_vip(person_id=somebody, source="gift", days=3, reason="a", actor=STAFF, now=clock.now())
    letter = {"lane": 1, "position": 1, "key": "1"}
    ask_for_refund(person_id=somebody, payment_id=buy("gift_30", buyer=somebody).pk, now=clock.now())
    buy("vip_monthly", buyer=somebody)
    take_refund(charge="nobody's", payer=1, now=NOON)
    Failure.objects.create(subscriber="a.b", type="game.login", status="dead", **letter)
    Delivery.objects.create(subscriber="a.b", **letter)
    Update.objects.create(bot_id=1, update_id=1, kind="message", body=b"{}", received_at=NOON)
    Notice.objects.create(
        person_id=somebody, kind="level", fields={}, event_id=UUID(int=1), created_at=NOON, due_at=NOON
    )
    Chat.objects.create(telegram_id=-5, kind="group", state="pending")
    Refusal.objects.create(reason=Refusal.Reason.values[0], day=date(2026, 1, 1), count=1)
    Unreadable.objects.create(bot_id=1, reason="body", body=b"{", received_at=NOON)
    Referral.objects.create(invitee_id=person(), referrer_id=somebody, referred_at=NOON)
    Staff.objects.create_user("aim", is_staff=True)
    found = {m._meta.label_lower: m._default_manager.values_list("pk", flat=True).first() for m in REGISTRY}
    missing = sorted(label for label, pk in found.items() if pk is None)
    assert not missing, f"Make a row of {missing} in this fixture, so that its pages can be tried."
    assert {Person, Grant, Cursor, Rule, RuleVersion, MultiplierVersion} <= set(REGISTRY)
    return found


class Browser(Client):
    """Sends real requests, but keeps no copies of what templates were given: that takes longer than the pages."""

    def request(self, **request: Any) -> Any:
        """Send one request through the whole stack."""
        return self.handler(self._base_environ(**request))


def login(level: str) -> Client:
    """Add somebody of this level; return the browser."""
    if level == "superuser":
        staff = Staff.objects.create_superuser(level)
    else:
        staff = Staff.objects.create_user(level, is_staff=True)
        staff.groups.set(Group.objects.filter(name=level))
    client = Browser()
    client.force_login(staff)
    return client


def may(level: str, least: str | None) -> bool:
    """Say whether this level reaches the least one that may."""
    return least is not None and LEVELS.index(level) >= LEVELS.index(least)


def refused(response: HttpResponse) -> bool:
    """Say whether a page was refused; a redirection to the login or the index is none of its work."""
    if response.status_code == 302:
        return response["Location"].startswith(("/admin/login/", reverse("admin:index") + "?")) or response[
            "Location"
        ] == reverse("admin:index")
    assert response.status_code in (200, 403), response.status_code
    return response.status_code == 403


def pages(model: type[Model], pk: object) -> list[tuple[str, str]]:
    """Return name and address of every page that the admin of the model has."""
    found = []
    for pattern in admin.site._registry[model].get_urls():
        assert isinstance(pattern, URLPattern)
        if pattern.name is None:
            continue  # leads to the page of the object
        try:
            address = reverse(f"admin:{pattern.name}")
        except NoReverseMatch:
            address = reverse(f"admin:{pattern.name}", args=[pk])
        found.append((pattern.name, address))
    return found


def least(model: type[Model], page: str, method: str) -> str | None:
    """Return the least level that may, by the tables above; None for nobody."""
    label = model._meta.label_lower
    name = page.removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
    if name in ("changelist", "history"):
        return VIEW.get(label)
    if name == "change" and method == "get":
        return VIEW.get(label)
    return WRITE[name].get(label) if name in WRITE else ACTS.get(page)


@pytest.mark.parametrize("level", LEVELS)
def test_everybody_opens_what_is_theirs_and_nothing_else(
    rows: dict[str, Any], browsers: dict[str, Client], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if level != "superuser":  # who is shown all there is, so the pages of the others can stay blank
        monkeypatch.setattr(Template, "render", lambda *_: "")
    client, wrong = browsers[level], []
    for model in REGISTRY:
        for page, address in pages(model, rows[model._meta.label_lower]):
            for method in ("get", "post"):
                if page.endswith(("_changelist", "_history")) and method == "post":
                    continue  # lists are posted to for their actions, which have a test of their own
                allowed = may(level, least(model, page, method))
                response = getattr(client, method)(address)
                if refused(response) == allowed:
                    wrong.append((page, method, "refused" if allowed else f"opened ({response.status_code})"))
    assert wrong == [], f"For a {level}; name new pages in apps/staff/matrix.py, or guard them."


@pytest.mark.parametrize("level", LEVELS)
def test_everybody_is_offered_only_their_actions_on_lists(
    rows: dict[str, Any], browsers: dict[str, Client], level: str
) -> None:
    staff = Staff.objects.get(username=level)
    for model in REGISTRY:
        label = model._meta.label_lower
        request = RequestFactory().get("/")
        request.user = staff
        offered = set(admin.site._registry[model].get_actions(request)) if may(level, VIEW[label]) else set()
        expected = {name for name, least in LIST_ACTIONS.get(label, {}).items() if may(level, least)}
        assert offered == expected, label
    sent = {"action": "discard", "_selected_action": rows["events.failure"], "reason": "r"}
    browsers[level].post(reverse("admin:events_failure_changelist"), sent)
    assert (Failure.objects.get().status == "discarded") == may(level, "admin")


def test_whoever_is_not_logged_in_sees_the_login_alone(rows: dict[str, Any], client: Client) -> None:
    for model in REGISTRY:
        for _page, address in pages(model, rows[model._meta.label_lower]):
            assert client.get(address)["Location"].startswith("/admin/login/")
            assert client.post(address)["Location"].startswith("/admin/login/")


def test_a_superuser_without_the_second_factor_opens_nothing(rows: dict[str, Any], settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    # It would end the session with the first request, and only that one would be tried.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "apps.staff.sessions.SessionLimits"]
    client = Browser()
    client.force_login(Staff.objects.get(username="superuser"))
    of_site = [f"admin:{name}" for name in ("index", "password_change", "second_factor", "autocomplete", "search")]
    addresses = [reverse(name) for name in of_site]
    for model in REGISTRY:
        addresses += [address for _page, address in pages(model, rows[model._meta.label_lower])]
    opened = []
    for address in addresses:
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            if answer.status_code != 302 or not answer["Location"].startswith("/admin/login/"):
                opened.append((method, address))
    assert opened == []


def test_every_permission_is_given_to_a_role_or_to_nobody_on_purpose() -> None:
    given = {permission for permissions in ROLES.values() for permission in permissions}
    known = set()
    for model in apps.get_models():
        names = {codename for codename, _ in model._meta.permissions}
        names |= {f"{act}_{model._meta.model_name}" for act in model._meta.default_permissions}
        known |= {f"{model._meta.app_label}.{name}" for name in names if model._meta.app_label not in DJANGO}
    assert known - given == KEPT, "Give it to a role in apps/staff/roles.py, or name it among those that nobody has."
    for model in REGISTRY:
        label = f"{model._meta.app_label}.view_{model._meta.model_name}"
        assert (label in given) == (VIEW[model._meta.label_lower] != "superuser"), label


@pytest.mark.parametrize("model", UNTOUCHABLE)
def test_what_holds_the_proof_is_not_changed_even_by_superusers(
    rows: dict[str, Any], browsers: dict[str, Client], model: type[Model]
) -> None:
    root, label, pk = browsers["superuser"], model._meta.label_lower, rows[model._meta.label_lower]
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    before = list(model._default_manager.values())
    assert root.post(reverse(f"{name}_add"), {"reason": "x"}).status_code == 403
    assert (
        root.post(reverse(f"{name}_change", args=[pk]), {"amount": 1, "balance": 1, "status": "x"}).status_code == 403
    )
    assert root.post(reverse(f"{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": pk, "post": "yes"}
    root.post(reverse(f"{name}_changelist"), sent)
    row = model._default_manager.get(pk=pk)
    for change in (row.delete, model._default_manager.all().delete, row.save):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    table = connection.ops.quote_name(model._meta.db_table)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert list(model._default_manager.values()) == before, label


def test_what_a_form_does_not_ask_for_is_not_taken(rows: dict[str, Any], client: Client) -> None:
    manager, somebody = client, rows["users.person"]
    manager.force_login(Staff.objects.get(username="manager"))
    grant = {"person": somebody, "source": "gift", "days": "3", "reason": "r", "act_key": "formonce"}
    more = {"granted_by": "root", "payment_reference": "paid", "revoked_by": "me", "ends_at_0": "2099-01-01"}
    shown = manager.post(reverse("admin:users_grant_add"), grant | more).context["shown"]
    assert manager.post(reverse("admin:users_grant_add"), grant | more | {"shown": shown}).status_code == 302
    added = Grant.objects.latest("pk")
    assert (added.granted_by, added.payment_reference, added.revoked_by) == ("manager", None, None)
    assert added.ends_at.year < 2099
    paid = manager.post(reverse("admin:users_grant_add"), grant | {"source": "purchase"})
    assert paid.status_code == 200, "purchases come with a payment"
    other = person()
    address = reverse("admin:gamification_account_award_points", args=[rows["gamification.account"]])
    sent = {"amount": "5", "reason": "r", "key": "points", "person_id": other, "balance": "9", "actor": "root"}
    shown = manager.post(address, sent).context["shown"]
    manager.post(address, sent | {"shown": shown})
    entry = Entry.objects.latest("pk")
    assert (entry.account_id, entry.amount, entry.actor) == (rows["gamification.account"], 5, "admin:manager")


def test_the_login_leads_nowhere_else(client: Client, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Staff.objects.create_user("ana", password="a-long-password-1", is_staff=True)
    sent = {"username": "ana", "password": "a-long-password-1"}
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        response = client.post("/admin/login/", sent | {"next": elsewhere})
        assert response.status_code == 302
        assert "evil" not in response["Location"]


@pytest.mark.parametrize("level", ["viewer", "manager"])
def test_no_page_offers_what_it_then_refuses(browsers: dict[str, Client], level: str) -> None:
    """A crawler follows the links, one of each kind of page."""
    client, seen, waiting = browsers[level], set[str](), [reverse("admin:index")]
    while waiting:
        address = waiting.pop()
        name = resolve(address.partition("?")[0]).url_name or address
        if name in seen or name in ("logout", "jsi18n"):
            continue
        seen.add(name)
        response = client.get(address)
        if response.status_code == 302:
            waiting.append(response["Location"])
            continue
        assert response.status_code == 200, (address, response.status_code)
        text = response.content.decode()
        links = [part.partition('"')[0].replace("&amp;", "&") for part in text.split('href="')[1:]]
        waiting += [link for link in links if link.startswith("/admin/")]
    acts = {name for name, least in ACTS.items() if may(level, least)}
    assert seen & set(ACTS) <= acts
    assert len(seen) > 15


def test_levels_grow() -> None:
    for lower, higher in pairwise(ROLES):
        assert not set(ROLES[lower]) & set(ROLES[higher])
