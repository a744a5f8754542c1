"""VIP for many at once: the same as one by one, once for each, however often it is begun anew."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.users import selectors, services
from apps.users.models import Grant, Person, VipStanding
from apps.users.services import many_grants
from diana import audit, clock
from diana.acts import StateChanged
from diana.audit import Actor
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.users.conftest import NOW
from tests.users.test_suspension import send
from tests.users.test_vip_expiry import grant

ACTOR = Actor(7, "ana", "admin")
DAY = timedelta(days=1)


def crowd(number: int, first: int = 1) -> list[int]:
    """Add so many people."""
    return [Person.objects.create(telegram_id=first + n, created_at=NOW).pk for n in range(number)]


def give(ids: list[int], key: str = "k", **more: object) -> int:
    """Grant ten days to all of them."""
    said = {"source": "promo", "days": 10, "reason": "r", "actor": ACTOR, "now": NOW} | more
    return services.grant_to_many(person_ids=ids, key=key, **said)  # type: ignore[arg-type]


def test_it_does_what_granting_one_by_one_does(db: None) -> None:
    ids = crowd(6)
    fresh, lasting, graced, forced, gone, _ = (Person.objects.get(pk=pk) for pk in ids)
    for one, alone in ((lasting, False), (graced, False), (forced, False)):
        grant(one, 5 if one == lasting else 1, NOW - (0 if one == lasting else 2) * DAY)
        assert not alone
    services.override_vip(person_id=forced.pk, mode="off", until=NOW + DAY, reason="r", actor=ACTOR, key="o", now=NOW)
    Person.objects.filter(pk=gone.pk).update(status="erased", telegram_id=None)
    before = StoredEvent.objects.count()
    assert give([*ids, 10**9]) == 5
    ends = {g.person_id: g.ends_at for g in Grant.objects.filter(source="promo")}
    assert ends[fresh.pk] == ends[graced.pk] == NOW + 10 * DAY
    assert ends[lasting.pk] == NOW + 15 * DAY
    kinds = dict(StoredEvent.objects.order_by("id")[before:].values_list("user_id", "type"))
    assert kinds == {
        pk: "vip.renewed" if pk in (lasting.pk, graced.pk, forced.pk) else "vip.granted" for pk in sorted(ends)
    }
    records = AuditRecord.objects.filter(act="grant_vip").order_by("-id")[:5]
    assert {r.object_id: r.after["grant"] for r in records} == {
        str(g.person_id): g.pk for g in Grant.objects.filter(source="promo")
    }
    assert {(r.actor, r.origin, r.reason) for r in records} == {("ana", "admin", "r")}
    standings = selectors.vip_standings(ends, NOW)
    assert {row.person_id: row.state for row in VipStanding.objects.filter(person__in=ends)} == {
        pk: standings[pk].state for pk in ends
    }


def test_it_takes_as_many_statements_for_fifty_as_for_five(db: None) -> None:
    def statements(ids: list[int], key: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            give(ids, key)
        return len(captured)

    assert statements(crowd(5), "a") == statements(crowd(50, 100), "b") <= 12


def test_the_walls_see_the_records_of_many(db: None) -> None:
    give(crowd(3))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert AuditRecord.objects.count() == 3, "no second one, made past the services"


def test_begun_anew_it_goes_on_where_it_broke_off(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_grants, "MOST_AT_ONCE", 4)
    ids = crowd(10)
    seen = list[int]()

    def stumble(done: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise RuntimeError("the lights go out")

    with pytest.raises(RuntimeError):
        give(ids, progress=stumble)
    assert Grant.objects.count() == 8
    assert give(ids) == 2
    assert give(ids) == 0
    assert Grant.objects.count() == 10


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"days": 4000}, {"source": "magic"}, {"reason": " "}, {"key": "x" * 81}, {"key": "a b"}]
)
def test_what_cannot_be_is_refused(db: None, wrong: dict[str, object]) -> None:
    with pytest.raises(services.InvalidGrant):
        give(crowd(1), **wrong)  # type: ignore[arg-type]
    assert not Grant.objects.exists()


def test_nothing_is_done_that_was_not_shown(db: None) -> None:
    ids = crowd(3)
    shown = services.preview_many(person_ids=ids, days=10).effect
    Person.objects.filter(pk=ids[0]).update(status="erased", telegram_id=None)
    with pytest.raises(StateChanged):
        give(ids, shown=shown)
    assert services.preview_many(person_ids=ids, days=10).notes


def test_records_of_many_need_a_transaction_and_reasons(committed_db: str) -> None:
    act = audit.Act("a", ("b", 1), None, {"c": 1}, "r")
    with pytest.raises(audit.OutsideTransaction):
        audit.record_many(ACTOR, [act])


def test_chosen_people_are_granted_vip_in_the_admin(root: Client) -> None:
    ids = crowd(3)
    people = reverse("admin:users_person_changelist")
    asked = root.post(people, {"action": "grant_many", "_selected_action": ids})
    address = reverse("admin:users_person_grant_many")
    assert asked["Location"] == f"{address}?people={','.join(map(str, ids))}"
    assert f'value="{",".join(map(str, ids))}"' in root.get(asked["Location"]).content.decode()
    values = {"people": ",".join(map(str, ids)), "source": "promo", "days": "3", "reason": "r", "key": "abc"}
    preview = root.post(address, values)
    assert preview.context["preview"].changes[0].after == 3
    assert not Grant.objects.exists()
    assert "3 people were granted VIP." in send(root, address, values)
    assert "0 people were granted VIP." in send(root, address, values), "a form that is sent twice is one act"
    assert Grant.objects.count() == 3
    for wrong in ({"people": "1,x"}, {"people": ""}, {"people": ",".join(["1"] * 501)}, {"source": "purchase"}):
        assert root.post(address, values | wrong).context["form"].errors


def test_too_many_are_sent_to_the_command(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.users.admin.vip.MOST_PEOPLE", 2)
    sent = {"action": "grant_many", "_selected_action": crowd(3)}
    page = root.post(reverse("admin:users_person_changelist"), sent, follow=True).content.decode()
    assert "At most 2 people at once" in page


def test_a_file_of_people_is_granted_vip(db: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ids, file = crowd(3), tmp_path / "people.txt"
    file.write_text("\n".join(map(str, ids)) + "\n\n")
    arguments = ["grant_vip", "--file", str(file), "--days", "7", "--reason", "r", "--key", "spring"]
    call_command(*arguments, "--dry-run")
    assert "3 of 3 people would get 7 days." in capsys.readouterr().out
    assert not Grant.objects.exists()
    call_command(*arguments)
    printed = capsys.readouterr()
    assert "3 of 3 people were granted 7 days." in printed.out
    assert "3 of 3" in printed.err
    call_command(*arguments, "--json")
    assert json.loads(capsys.readouterr().out) == {"people": 3, "granted": 0, "would_grant": 0}
    assert selectors.effective_vip(ids[0], clock.now()) is not None
    for text in ("x", "-1"):
        file.write_text(text)
        with pytest.raises(CommandError, match="no id"):
            call_command(*arguments)
    with pytest.raises(CommandError, match="--key"):
        call_command("grant_vip", "--file", str(file), "--days", "7", "--reason", "r")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("grant_vip", "--file", str(tmp_path / "none"), "--days", "7", "--reason", "r", "--key", "k")
