"""Invitations: who counts, what earns them, paid once after a week, lost with who does not stay."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.users import referrals, selectors, services
from apps.users.models import Person, Referral
from diana.events import Envelope
from diana.events.models import StoredEvent
from tests.gamification.acts import event, happen
from tests.gamification.test_concurrency import at_once
from tests.users.conftest import NOW, Published
from tests.users.test_people import erase, register

WEEK = timedelta(days=7)
REFERRER, INVITEE = 4242, 5


def newcomer(telegram_id: int = INVITEE) -> Person:
    return Person.objects.create(telegram_id=telegram_id, created_at=NOW)


def invited(referrer: Person, invitee: Person) -> Referral:
    code = services.invite_code(person_id=referrer.pk)
    assert services.register(
        person_id=invitee.pk, first_name="Bo", last_name=None, username=None, language_code="en", now=NOW, key="k",
        invite_code=code,
    )  # fmt: skip
    return Referral.objects.get(invitee=invitee)


def follow(*envelopes: Envelope, at: timedelta = timedelta()) -> int:
    with transaction.atomic():
        return services.follow_referrals(envelopes, now=NOW + at)


def days(person: Person, *numbers: int) -> list[Envelope]:
    dates = [date(2026, 11, 22) + timedelta(days=n) for n in numbers]
    return happen(*[event("user.active_day", person.pk, local_date=d.isoformat()) for d in dates], at=NOW)


def points(person: Person, amount: int, entry: int) -> list[Envelope]:
    fields = {"entry": entry, "amount": amount, "balance": amount, "rule": "message_sent", "rule_version": 1}
    return happen(event("game.points_awarded", person.pk, **fields), at=NOW)


def graduated(person: Person) -> list[Envelope]:
    return happen(event("user.tutorial_completed", person.pk, seconds=9), at=NOW)


def earn(person: Person) -> None:
    follow(*graduated(person), *days(person, 0, 1, 2), *points(person, 300, 1))


def gone(person: Person, at: timedelta) -> list[Envelope]:
    return happen(event("user.erased", person.pk), at=NOW + at)


@pytest.fixture
def row(person: Person) -> Referral:
    """Somebody came by the person's link."""
    return invited(person, newcomer())


def test_the_code_stays_the_same_and_tells_nothing(person: Person) -> None:
    code = services.invite_code(person_id=person.pk)
    assert services.invite_code(person_id=person.pk) == code
    assert referrals.code_in(f"r_{code}") == code
    assert len({referrals.new_code() for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "payload", ["", "r_", "r_short", "abcdefghijkl", "r_" + "x" * 13, "r_abc def ghij", "r_абвгдежзийкл"]
)
def test_another_payload_holds_no_code(payload: str) -> None:
    assert referrals.code_in(payload) is None


def test_who_comes_by_a_link_is_kept_and_told(person: Person, published: Published) -> None:
    invitee = newcomer()
    row = invited(person, invitee)
    assert (row.referrer_id, row.referred_at, row.status) == (person.pk, NOW, "open")
    assert published(invitee.pk) == [
        ("user.registered", {"language": "en", "referrer": person.pk}),
        ("user.referred", {"referrer": person.pk}),
    ]
    assert selectors.invitations(person.pk) == selectors.Invitations(1, 0, 0)


def test_it_counts_at_the_first_registration_only(person: Person) -> None:
    invitee, code = newcomer(), services.invite_code(person_id=person.pk)
    register(invitee, NOW)
    register(invitee, NOW, key="k2", invite_code=code)
    assert not Referral.objects.exists()


def test_nobody_invites_themselves_and_unknown_codes_count_for_nobody(person: Person) -> None:
    register(person, NOW, invite_code=services.invite_code(person_id=person.pk))
    register(newcomer(), NOW, key="k2", invite_code="abcdefghijkl")
    assert not Referral.objects.exists()


def test_the_link_of_an_erased_person_counts_for_nobody(person: Person) -> None:
    code = services.invite_code(person_id=person.pk)
    erase(person)
    register(newcomer(), NOW, invite_code=code)
    assert not Referral.objects.exists()


def test_it_is_earned_by_tutorial_days_and_points_together(row: Referral) -> None:
    somebody = row.invitee
    steps = [
        graduated(somebody),
        days(somebody, 0, 1),
        points(somebody, 299, 1),
        days(somebody, 2),
        points(somebody, 1, 2),
    ]
    for step in steps:
        row.refresh_from_db()
        assert row.status == "open"
        follow(*step)
    row.refresh_from_db()
    assert (row.status, row.qualified_at, row.points, row.active_days) == ("qualified", NOW, 300, 3)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_each_of_the_three_is_needed(row: Referral, left_out: int) -> None:
    acts = [graduated(row.invitee), days(row.invitee, 0, 1, 2, 3), points(row.invitee, 900, 1)]
    follow(*[e for n, act in enumerate(acts) if n != left_out for e in act])
    row.refresh_from_db()
    assert row.status == "open"


def test_the_same_events_read_again_count_once(row: Referral) -> None:
    events = [*days(row.invitee, 0, 1), *points(row.invitee, 150, 1)]
    assert follow(*events) == 1
    assert follow(*events) == 0
    row.refresh_from_db()
    assert (row.active_days, row.points) == (2, 150)


def test_what_happened_before_the_invitation_does_not_count(row: Referral) -> None:
    fields = {"entry": 1, "amount": 900, "balance": 900, "rule": "message_sent", "rule_version": 1}
    follow(*happen(event("game.points_awarded", row.invitee_id, **fields), at=NOW - timedelta(seconds=1)))
    row.refresh_from_db()
    assert row.points == 0


def test_people_whom_nobody_invited_cost_one_query(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    events = points(person, 900, 1)
    with transaction.atomic(), django_assert_num_queries(1):
        services.follow_referrals(events, now=NOW)


def test_a_batch_takes_as_many_queries_as_one(
    person: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = [invited_by(person, n) for n in range(20)]
    one, many = points(rows[0].invitee, 1, 1), [e for r in rows[1:] for e in points(r.invitee, 1, 2)]
    for events in (one, many):
        with transaction.atomic(), django_assert_num_queries(4):
            services.follow_referrals(events, now=NOW)


def invited_by(person: Person, number: int) -> Referral:
    return Referral.objects.create(invitee=newcomer(100 + number), referrer=person, referred_at=NOW)


def test_it_is_paid_a_week_later_once(row: Referral, person: Person, published: Published) -> None:
    earn(row.invitee)
    assert services.pay_referrals(now=NOW + WEEK - timedelta(seconds=1)) == 0
    assert services.pay_referrals(now=NOW + WEEK) == 1
    assert services.pay_referrals(now=NOW + 2 * WEEK) == 0
    assert published(person.pk, "user.referral_qualified") == [("user.referral_qualified", {"invitee": row.invitee_id})]
    assert published(row.invitee_id, "user.referral_completed") == [
        ("user.referral_completed", {"referrer": person.pk})
    ]
    row.refresh_from_db()
    told = StoredEvent.objects.filter(type__startswith="user.referral_").values_list("event_id", flat=True)
    assert (row.status, {row.paid_event, row.welcome_event}) == ("paid", set(told))
    assert selectors.invitations(person.pk) == selectors.Invitations(1, 1, 1)


def test_who_is_suspended_or_erased_by_then_is_not_paid_for(row: Referral, person: Person) -> None:
    other = invited_by(person, 1)
    for somebody in (row.invitee, other.invitee):
        earn(somebody)
    Person.objects.filter(pk=row.invitee_id).update(status="suspended")
    erase(other.invitee)
    assert services.pay_referrals(now=NOW + WEEK) == 0
    assert list(Referral.objects.values_list("status", flat=True)) == ["lost", "lost"]
    assert not StoredEvent.objects.filter(type__startswith="user.referral_").exists()
    assert selectors.lost_referrals(NOW) == []


def test_of_an_erased_referrer_the_friend_is_paid_alone(row: Referral, person: Person) -> None:
    earn(row.invitee)
    erase(person)
    assert services.pay_referrals(now=NOW + WEEK) == 1
    types = StoredEvent.objects.filter(type__startswith="user.referral_").values_list("type", flat=True)
    assert list(types) == ["user.referral_completed"]


def test_it_is_lost_within_thirty_days_of_being_paid_and_not_later(row: Referral, person: Person) -> None:
    late = invited_by(person, 1)
    earn(row.invitee)
    earn(late.invitee)
    services.pay_referrals(now=NOW + WEEK)
    month = WEEK + timedelta(days=30)
    follow(*gone(row.invitee, month), *gone(late.invitee, month + timedelta(seconds=1)))
    row.refresh_from_db()
    late.refresh_from_db()
    assert (row.status, late.status) == ("lost", "paid")
    [lost] = selectors.lost_referrals(NOW)
    assert (lost.invitee_id, len(lost.events)) == (row.invitee_id, 2)
    assert selectors.lost_referrals(NOW + month + timedelta(seconds=1)) == []


def test_a_suspension_before_it_is_paid_loses_it(row: Referral) -> None:
    earn(row.invitee)
    suspended = event("admin.user_suspended", row.invitee_id, until=None, actor=1, audit=1)
    follow(*happen(suspended, at=NOW + timedelta(days=1)))
    row.refresh_from_db()
    assert row.status == "lost"
    assert services.pay_referrals(now=NOW + WEEK) == 0


def test_an_open_one_is_not_lost_and_a_lost_one_is_not_earned_again(row: Referral) -> None:
    follow(*gone(row.invitee, timedelta()))
    row.refresh_from_db()
    assert row.status == "open"
    earn(row.invitee)
    follow(*gone(row.invitee, timedelta(days=1)))
    earn(row.invitee)
    row.refresh_from_db()
    assert row.status == "lost"


def test_two_that_pay_at_the_same_time_pay_once(committed_db: str) -> None:
    row = invited(Person.objects.create(telegram_id=REFERRER, created_at=NOW), newcomer())
    earn(row.invitee)
    paid = list[int]()
    at_once(*[lambda: paid.append(services.pay_referrals(now=NOW + WEEK))] * 4)
    assert sorted(paid) == [0, 0, 0, 1]
    assert StoredEvent.objects.filter(type__startswith="user.referral_").count() == 2


def test_a_suspension_and_the_payment_at_the_same_time_end_well(committed_db: str) -> None:
    row = invited(Person.objects.create(telegram_id=REFERRER, created_at=NOW), newcomer())
    earn(row.invitee)
    events = happen(event("admin.user_suspended", row.invitee_id, until=None, actor=1, audit=1), at=NOW + WEEK)
    at_once(lambda: services.pay_referrals(now=NOW + WEEK), lambda: follow(*events, at=WEEK))
    row.refresh_from_db()
    assert row.status == "lost"
    assert len(selectors.lost_referrals(NOW)) == (1 if row.paid_at else 0)


def test_one_code_however_many_ask(committed_db: str) -> None:
    person = Person.objects.create(telegram_id=REFERRER, created_at=NOW)
    codes = list[str]()
    at_once(*[lambda: codes.append(services.invite_code(person_id=person.pk))] * 4)
    assert len(set(codes)) == 1
