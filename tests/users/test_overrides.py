"""VIP forced on and off: the newest valid word counts, everything is on record, and it ends by itself once."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from apps.users import selectors, services
from apps.users.models import Grant, Person, VipOverride, VipStanding
from diana import clock
from diana.acts import StateChanged
from diana.audit import Actor, ReasonMissing
from diana.audit.models import AuditRecord
from tests.users.conftest import NOW, Published
from tests.users.test_suspension import send
from tests.users.test_vip_expiry import grant, run

DAY = timedelta(days=1)
ACTOR = Actor(7, "ana", "admin")


def force(person: Person, mode: str, days: int, key: str = "k", now: datetime = NOW, **more: Any) -> VipOverride:
    """Force VIP on or off for so many days."""
    return services.override_vip(
        person_id=person.pk,
        mode=mode,  # type: ignore[arg-type]
        until=now + days * DAY,
        key=key,
        now=now,
        **({"reason": "Troll", "actor": ACTOR} | more),
    )


def clear(person: Person, key: str = "c", now: datetime = NOW, **more: Any) -> int:
    """Clear what is forced."""
    return services.clear_overrides(person_id=person.pk, reason="Sorry", actor=ACTOR, key=key, now=now, **more)


def until(person: Person, days: int = 0) -> datetime | None:
    """Return the end of effective VIP so many days on."""
    return selectors.effective_vip(person.pk, NOW + days * DAY)


def test_forced_off_nothing_is_left_and_it_comes_back_by_itself_once(person: Person, published: Published) -> None:
    given = grant(person)
    off = force(person, "off", 3)
    assert until(person) is None
    record = AuditRecord.objects.latest("id")
    assert (record.act, record.actor, record.reason) == ("override_vip", "ana", "Troll")
    assert record.before == {"vip_until": given.ends_at.isoformat(), "mode": None, "mode_until": None}
    assert record.after == {"vip_until": None, "mode": "off", "mode_until": off.until.isoformat()}
    [told] = published(person.pk, "admin.vip_overridden")
    assert told[1] == {"mode": "off", "until": off.until.isoformat(), "actor": 7, "audit": record.pk}
    assert until(person, 3) == given.ends_at
    assert [services.expire_vip(now=NOW + 3 * DAY).overridden for _ in range(2)] == [1, 0]
    ended = AuditRecord.objects.latest("id")
    assert (ended.act, ended.actor) == ("end_vip_override", "users.expire_vip")
    assert published(person.pk, "admin.vip_overridden")[1:] == [
        (
            "admin.vip_overridden",
            {"mode": "none", "until": given.ends_at.isoformat(), "actor": None, "audit": ended.pk},
        )
    ]


def test_forced_on_it_runs_out_like_any_other_vip(person: Person, published: Published) -> None:
    force(person, "on", 10)
    assert until(person) == NOW + 10 * DAY
    for day in (7, 9, 10, 12):
        services.expire_vip(now=NOW + day * DAY)
    assert [(kind, body.get("hours") or body.get("mode")) for kind, body in published(person.pk)] == [
        ("admin.vip_overridden", "on"),
        ("vip.expiring", 72),
        ("vip.expiring", 24),
        ("admin.vip_overridden", "none"),
        ("vip.grace_entered", None),
        ("vip.expired", None),
    ]


def test_the_newest_valid_one_wins_and_an_older_one_takes_hold_again(person: Person) -> None:
    force(person, "on", 10, "a")
    force(person, "off", 5, "b", NOW + DAY)
    assert (until(person, 1), until(person, 5)) == (None, None)
    assert until(person, 6) == NOW + 10 * DAY
    services.expire_vip(now=NOW + 6 * DAY)
    assert VipStanding.objects.get().mode == "on"
    assert clear(person, now=NOW + 7 * DAY) == 1
    assert until(person, 7) is None


def test_days_bought_while_it_is_forced_off_are_not_lost(person: Person, published: Published) -> None:
    given = grant(person)
    force(person, "off", 3)
    more = grant(person, 10, NOW + DAY)
    assert more.ends_at == given.ends_at + 10 * DAY
    assert published(person.pk, "vip.renewed") == [("vip.renewed", {"grant": more.pk, "until": None})]
    assert until(person, 3) == more.ends_at


def test_days_bought_while_it_is_forced_on_come_after_it(person: Person) -> None:
    force(person, "on", 10)
    assert grant(person, 5).ends_at == NOW + 15 * DAY


def test_clearing_lets_the_grants_count_alone(person: Person, published: Published) -> None:
    given = grant(person)
    force(person, "off", 3, "a")
    force(person, "off", 5, "b")
    assert clear(person) == 2
    assert clear(person) == 0, "the same key does nothing again"
    assert until(person) == given.ends_at
    with pytest.raises(services.NoOverride):
        clear(person, "another")
    assert [body["mode"] for _, body in published(person.pk, "admin.vip_overridden")] == ["off", "off", "none"]
    assert services.expire_vip(now=NOW + 4 * DAY).overridden == 0


def test_the_same_key_forces_once(person: Person, published: Published) -> None:
    assert force(person, "off", 3) == force(person, "off", 3)
    assert len(published(person.pk)) == 1
    other = Person.objects.create(telegram_id=5, created_at=NOW)
    with pytest.raises(services.InvalidOverride):
        force(other, "off", 3)


@pytest.mark.parametrize(
    "wrong",
    [{"mode": "up"}, {"days": 0}, {"days": -1}, {"days": 4000}, {"key": ""}, {"key": "a b"}, {"key": "x" * 101}],
)
def test_what_cannot_be_is_refused(person: Person, published: Published, wrong: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidOverride):
        force(person, **({"mode": "on", "days": 3} | wrong))
    with pytest.raises(services.InvalidOverride):
        clear(person, key="")
    assert published(person.pk) == []


@pytest.mark.parametrize("reason", ["", " ", "x" * 1001])
def test_it_needs_a_reason(person: Person, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        force(person, "on", 3, reason=reason)
    assert not VipOverride.objects.exists()


def test_nothing_is_done_that_was_not_shown(person: Person) -> None:
    shown = services.preview_override(person_id=person.pk, mode="off", until=NOW + DAY, now=NOW).effect
    grant(person)
    with pytest.raises(StateChanged):
        force(person, "off", 1, shown=shown)
    force(person, "off", 1)
    shown = services.preview_clearing(person_id=person.pk, now=NOW).effect
    force(person, "on", 9, "b")
    with pytest.raises(StateChanged):
        clear(person, shown=shown)
    shown = services.preview_extension(person_id=person.pk, days=3, now=NOW).effect
    grant(person)
    how = {"reason": "r", "actor": ACTOR, "now": NOW}
    with pytest.raises(StateChanged):
        services.extend_vip(person_id=person.pk, days=3, key="e", shown=shown, **how)
    first = Grant.objects.earliest("pk")
    shown = services.preview_revocation(grant_id=first.pk, now=NOW).effect
    services.revoke_grant(grant_id=Grant.objects.latest("pk").pk, **how)
    clear(person)
    with pytest.raises(StateChanged):
        services.revoke_grant(grant_id=first.pk, shown=shown, **how)


def test_the_erased_are_left_alone(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(status="erased", telegram_id=None)
    with pytest.raises(services.PersonGone):
        force(person, "on", 3)
    with pytest.raises(services.PersonGone):
        clear(person)


def test_extending_is_for_those_who_have_something(person: Person) -> None:
    how = {"person_id": person.pk, "days": 7, "reason": "r", "actor": ACTOR}
    with pytest.raises(services.NothingToExtend):
        services.extend_vip(key="a", now=NOW, **how)
    grant(person)
    given = services.extend_vip(key="b", now=NOW, **how)
    assert (given.source, given.ends_at) == ("staff", NOW + 37 * DAY)
    assert services.extend_vip(key="b", now=NOW, **how) == given
    assert services.extend_vip(key="c", now=NOW + 38 * DAY, **how).ends_at == NOW + 45 * DAY
    with pytest.raises(services.NothingToExtend):
        services.extend_vip(key="d", now=NOW + 90 * DAY, **how)
    with pytest.raises(services.InvalidGrant):
        services.extend_vip(key="d", now=NOW, **how | {"days": 0})


def page(person: Person, act: str) -> str:
    """Return the address of one of the person's pages."""
    return reverse(f"admin:users_person_{act}", args=[person.pk])


def test_in_the_admin_it_is_shown_before_it_is_done(root: Client, person: Person) -> None:
    assert f'href="{page(person, "extend_vip")}"' not in root.get(page(person, "change")).content.decode()
    assert "no VIP that could be extended" in send_once(root, page(person, "extend_vip"), days="3")
    grant(person, 5, clock.now())
    assert "Extended, and recorded." in send(root, page(person, "extend_vip"), said(days="3"))
    later = {"until_0": "2099-01-01", "until_1": "00:00:00"}
    assert "within ten years" in send_once(root, page(person, "override_vip"), mode="off", **later)
    day = (clock.now() + 9 * DAY).date().isoformat()
    forced = said(mode="off", until_0=day, until_1="00:00:00")
    preview = root.post(page(person, "override_vip"), forced).content.decode()
    assert "forced off" in preview
    assert until_now(person) is not None, "nothing is done yet"
    assert "Forced, and recorded." in send(root, page(person, "override_vip"), forced)
    assert until_now(person) is None
    shown = root.get(page(person, "change")).content.decode()
    assert "forced off" in shown
    assert f'href="{page(person, "clear_vip")}"' in shown
    assert "Nothing is forced any more" in send(root, page(person, "clear_vip"), said())
    assert until_now(person) is not None
    assert f'href="{page(person, "clear_vip")}"' not in root.get(page(person, "change")).content.decode()
    assert [r.act for r in AuditRecord.objects.filter(origin="admin", actor="root").order_by("id")] == [
        "grant_vip", "override_vip", "clear_vip_override",
    ]  # fmt: skip
    assert root.get(reverse("admin:users_person_override_vip", args=[10**9])).status_code == 404


def said(**more: str) -> dict[str, str]:
    """Return what a form sends."""
    return {"reason": "Because", "key": f"k{len(more)}"} | more


def send_once(client: Client, address: str, **more: str) -> str:
    """Fill the form in where it is refused at once."""
    values = said(**more)
    response = client.post(address, values, follow=True)
    if response.context and response.context.get("preview"):
        response = client.post(address, values | {"shown": response.context["shown"]}, follow=True)
    return response.content.decode()


def until_now(person: Person) -> datetime | None:
    """Return the end of effective VIP as of the real moment."""
    return selectors.effective_vip(person.pk, clock.now())


@pytest.mark.parametrize("state", ["active", "expiring", "grace", "on", "off"])
def test_people_are_found_by_how_they_stand(root: Client, person: Person, state: str) -> None:
    now = clock.now()
    Person.objects.filter(pk=person.pk).update(first_name="Ana")
    Person.objects.create(telegram_id=5, first_name="Other", created_at=NOW)
    match state:
        case "on" | "off":
            force(person, state, 9, now=now)
        case _:
            days, ago = {"active": (30, 1), "expiring": (3, 1), "grace": (3, 4)}[state]
            grant(person, days, now - ago * DAY)
            services.expire_vip(now=now)
    found = root.get(reverse("admin:users_person_changelist"), {"vip": state}).content.decode()
    assert "Ana" in found
    assert "Other" not in found


def test_it_is_forced_at_the_command_line(person: Person) -> None:
    options = ["--person", person.pk, "--reason", "r", "--key"]
    end = (clock.now() + DAY).isoformat()
    assert "would be expiring (forced on)" in run(
        "override_vip", *options, "a", "--mode", "on", "--until", end, "--dry-run"
    )
    assert not VipOverride.objects.exists()
    outcome = json.loads(run("override_vip", *options, "a", "--mode", "on", "--until", end, "--json"))
    assert (outcome["forced"], outcome["vip_until"]) == ("on", end)
    assert "(not forced)" in run("override_vip", *options, "b", "--mode", "none")
    for wrong in (["--mode", "on"], ["--mode", "none", "--until", end], ["--mode", "none"]):
        with pytest.raises(CommandError):
            run("override_vip", *options, "c", *wrong)
