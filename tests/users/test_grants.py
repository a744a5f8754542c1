"""VIP given and taken back: what it does, what it tells, what it leaves in the audit record."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections

from apps.users import selectors, services
from apps.users.models import Grant, Person
from diana.audit import Actor, ReasonMissing
from diana.audit.models import AuditRecord
from tests.users.conftest import NOW, Published

DAY = timedelta(days=1)


def grant(person_id: int, **given: Any) -> Grant:
    """Grant 30 days at noon unless told otherwise."""
    said = {"source": "staff", "reason": "poetry slam", "actor": Actor(7, "ana", "admin"), "now": NOW} | given
    if "ends_at" not in said:
        said.setdefault("days", 30)
    return services.grant_vip(person_id=person_id, **said)


def test_it_gives_vip_and_tells(person: Person, published: Published) -> None:
    given = grant(person.pk)
    assert (given.starts_at, given.ends_at) == (NOW, NOW + 30 * DAY)
    assert (given.granted_by, given.reason, given.source) == ("ana", "poetry slam", "staff")
    assert selectors.effective_vip(person.pk, NOW) == NOW + 30 * DAY
    assert published(person.pk) == [
        ("vip.granted", {"grant": given.pk, "source": "staff", "until": "2026-12-22T12:00:00+00:00"})
    ]


def test_days_are_added_to_what_there_is(person: Person) -> None:
    grant(person.pk, days=30)
    assert grant(person.pk, days=10, now=NOW + DAY).ends_at == NOW + 40 * DAY
    assert grant(person.pk, days=1, now=NOW + 50 * DAY).ends_at == NOW + 51 * DAY


def test_an_end_is_taken_as_it_is(person: Person) -> None:
    grant(person.pk, days=30)
    assert grant(person.pk, ends_at=NOW + 5 * DAY).ends_at == NOW + 5 * DAY
    assert selectors.effective_vip(person.pk, NOW) == NOW + 30 * DAY


def test_the_audit_record_shows_before_and_after(person: Person) -> None:
    grant(person.pk, days=1)
    given = grant(person.pk, days=1)
    kept = AuditRecord.objects.last()
    assert kept is not None
    assert (kept.actor, kept.origin, kept.act) == ("ana", "admin", "grant_vip")
    assert (kept.object_type, kept.object_id, kept.reason) == ("users.Person", str(person.pk), "poetry slam")
    assert kept.before == {"vip_until": "2026-11-23T12:00:00+00:00"}
    assert kept.after == {"vip_until": "2026-11-24T12:00:00+00:00", "grant": given.pk}


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "magic"},
        {"reason": "  "},
        {"reason": "x" * 1001},
        {"days": 0},
        {"days": -3},
        {"days": 3661},
        {"days": None},
        {"days": 3, "ends_at": NOW + DAY},
        {"ends_at": NOW},
        {"ends_at": NOW + 3661 * DAY},
    ],
)
def test_it_refuses_what_cannot_be(person: Person, published: Published, wrong: dict[str, Any]) -> None:
    with pytest.raises(services.InvalidGrant):
        grant(person.pk, **wrong)
    assert not Grant.objects.exists()
    assert not AuditRecord.objects.exists()
    assert published(person.pk) == []


def test_a_payment_gives_once(person: Person, published: Published) -> None:
    first = grant(person.pk, source="purchase", payment_reference="charge-1")
    assert grant(person.pk, source="purchase", payment_reference="charge-1", now=NOW + DAY) == first
    assert len(published(person.pk)) == AuditRecord.objects.count() == 1
    other = Person.objects.create(telegram_id=5, created_at=NOW)
    with pytest.raises(services.InvalidGrant):
        grant(other.pk, source="purchase", payment_reference="charge-1")


def test_revoking_leaves_what_others_give(person: Person, actor: Actor, published: Published) -> None:
    gift = grant(person.pk, ends_at=NOW + 2 * DAY, source="gift")
    given = grant(person.pk, ends_at=NOW + 30 * DAY)
    revoked = services.revoke_grant(grant_id=given.pk, reason="a mistake", actor=actor, now=NOW + DAY)
    assert (revoked.revoked_at, revoked.revoked_by) == (NOW + DAY, "ana")
    assert selectors.effective_vip(person.pk, NOW + DAY) == gift.ends_at
    services.revoke_grant(grant_id=gift.pk, reason="another", actor=actor, now=NOW + DAY)
    assert selectors.effective_vip(person.pk, NOW + DAY) is None
    assert published(person.pk, "vip.revoked") == [
        ("vip.revoked", {"grant": given.pk, "until": "2026-11-24T12:00:00+00:00"}),
        ("vip.revoked", {"grant": gift.pk, "until": None}),
    ]
    kept = AuditRecord.objects.filter(act="revoke_vip").order_by("id")[0]
    assert kept.before == {"vip_until": "2026-12-22T12:00:00+00:00"}
    assert kept.after == {"vip_until": "2026-11-24T12:00:00+00:00", "grant": given.pk}


def test_a_grant_is_revoked_once_and_with_a_reason(person: Person, actor: Actor) -> None:
    given = grant(person.pk, days=2)
    with pytest.raises(ReasonMissing):
        services.revoke_grant(grant_id=given.pk, reason=" ", actor=actor, now=NOW)
    given.refresh_from_db()
    assert given.revoked_at is None
    services.revoke_grant(grant_id=given.pk, reason="a mistake", actor=actor, now=NOW)
    with pytest.raises(services.GrantOver):
        services.revoke_grant(grant_id=given.pk, reason="again", actor=actor, now=NOW)
    over = grant(person.pk, days=1)
    with pytest.raises(services.GrantOver):
        services.revoke_grant(grant_id=over.pk, reason="late", actor=actor, now=NOW + 2 * DAY)
    with pytest.raises(Grant.DoesNotExist):
        services.revoke_grant(grant_id=10**12, reason="none", actor=actor, now=NOW)


def test_grants_at_the_same_moment_all_count(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=1, created_at=NOW)
    together = threading.Barrier(4)

    def buy(number: int) -> None:
        together.wait()
        # each process has its own clock, and they do not come in its order
        grant(person.pk, days=10, now=NOW + timedelta(milliseconds=number), payment_reference=f"charge-{number}")
        connections.close_all()

    threads = [threading.Thread(target=buy, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until = selectors.effective_vip(person.pk, NOW)
    assert until is not None
    assert timedelta() <= until - (NOW + 40 * DAY) < timedelta(seconds=1)


def test_a_grant_of_a_clock_ahead_is_prolonged_all_the_same(person: Person) -> None:
    grant(person.pk, days=10, now=NOW + timedelta(seconds=2))
    assert grant(person.pk, days=10, now=NOW).ends_at == NOW + timedelta(days=20, seconds=2)


def test_the_erased_get_nothing(person: Person) -> None:
    Person.objects.filter(pk=person.pk).update(status="erased", telegram_id=None)
    with pytest.raises(services.PersonGone):
        grant(person.pk)


def test_a_grant_of_long_ago_says_nothing_now(person: Person, now: datetime) -> None:
    grant(person.pk, days=1)
    assert selectors.effective_vip(person.pk, now + 2 * DAY) is None
