"""F45: numbers at the end of 64 bits are refused with a clear error, by the core and by the database; nothing wraps."""

from copy import deepcopy
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.gamification import selectors, services
from apps.gamification.decide import chain
from apps.gamification.decide.entries import LARGEST, Draft, OutOfRange, Standing, append, lifetime_gain
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.state import State
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, Entry, RuleVersion
from apps.gamification.storing import write_entries
from apps.gamification.verify import verify
from apps.users.models import Staff
from apps.users.selectors import UnknownPerson
from diana.events.models import Failure
from diana.events.testing import drain
from tests.gamification.acts import AWARDS, NOON, STAFF, award, daily, event, happen, person

EDGE = 1 << 63
around = st.sampled_from([0, 1, EDGE, 2 * EDGE]).flatmap(lambda n: st.integers(n - 3, n + 3)) | st.integers(
    -3 * EDGE, 3 * EDGE
)


def standing(account: int = 7, balance: int = 0, lifetime: int = 0) -> Standing:
    return Standing(account, balance, lifetime, 3, bytes(32), State())


def appended(of: Standing, kind: Any, amount: int, base: int, key: str = "k") -> Draft:
    return append(
        of,
        kind=kind,
        amount=amount,
        base=base,
        idempotency_key=key,
        occurred_at=microseconds(NOON),
        actor="admin:vera",
        reason_hash=bytes(32),
    )


@given(st.sampled_from(["award", "staff_award", "penalty", "reversal"]), around, around, around, around)
@example("staff_award", 1, 1, LARGEST, 0)
@example("staff_award", 1, 1, LARGEST - 1, 0)
def test_the_core_counts_exactly_or_refuses_and_changes_nothing(
    kind: str, amount: int, base: int, balance: int, lifetime: int
) -> None:
    of = standing(balance=balance, lifetime=lifetime)
    before = deepcopy(of)
    wanted = (balance + amount, lifetime + lifetime_gain(kind, amount, base))
    fits = all(-LARGEST <= number <= LARGEST for number in (*wanted, amount, base))
    try:
        draft = appended(of, kind, amount, base)
    except OutOfRange:
        assert not fits
        assert of == before
    else:
        assert fits
        assert (draft.balance_after, draft.lifetime_after) == wanted == (of.balance, of.lifetime)


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.integers(EDGE - 4, EDGE + 4) | st.integers(1, EDGE) | st.just(1), min_size=1, max_size=3))
def test_the_database_holds_what_fits_and_refuses_the_rest(amounts: list[int]) -> None:
    with transaction.atomic():
        somebody = person()
        of = lock_standings([somebody])[0][somebody]
        total = 0
        for number, amount in enumerate(amounts):
            draft = unchecked(of, amount, f"{somebody}.{number}")
            if total + amount < EDGE:
                write_entries([draft])
                total += amount
            else:
                # the driver does not send such a number at all
                with pytest.raises((DatabaseError, OverflowError)), transaction.atomic():
                    write_entries([draft])
            of = lock_standings([somebody])[0][somebody]
            assert (of.balance, of.lifetime) == (total, total)
        assert verify(person_ids=[somebody]).ok
        transaction.set_rollback(True)


def unchecked(of: Standing, amount: int, key: str) -> Draft:
    """Return the account's next entry as a core without limits would make it."""
    columns = (
        of.account,
        of.sequence + 1,
        amount,
        of.balance + amount,
        of.lifetime + amount,
        "staff_award",
        "",
        0,
        amount,
    )
    rest = ("", "", None, key, None, "admin:vera", bytes(32), microseconds(NOON), of.hash)
    return Draft(*columns, *rest, chain.entry_hash(*columns, *rest))


def test_in_sql_a_sum_beyond_the_end_is_an_error_and_not_a_negative_number(db: None) -> None:
    """As the application's role, past the core and the driver."""
    somebody = person()
    of = lock_standings([somebody])[0][somebody]
    write_entries([appended(of, "staff_award", LARGEST, LARGEST, "rich")])
    columns = (
        "account_id, sequence, amount, balance_after, lifetime_after, kind, rule, rule_version, base, multipliers,"
    )
    rest = " note, idempotency_key, actor, reason_hash, occurred_at, previous_hash, hash"
    values = (
        f"{somebody}, 2, 1, {{balance}}, {{balance}}, 'staff_award', '', 0, 1, '', '', 'k', 'a', sha256('r'), now(),"
    )
    for balance, state in ((EDGE, "22003"), (-EDGE, "23514"), (LARGEST, "23000")):
        statement = f"INSERT INTO gamification_entry ({columns}{rest}) VALUES ({values.format(balance=balance)} "
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement + "(SELECT hash FROM gamification_account), sha256('x'))")
        assert refused.value.__cause__.sqlstate in (state, "22003"), refused.value
    assert Account.objects.get().balance == LARGEST


@pytest.fixture
def rich(db: None) -> int:
    """A person whose account is one point short of what can be counted."""
    somebody = person()
    of = lock_standings([somebody])[0][somebody]
    with transaction.atomic():
        write_entries([appended(of, "staff_award", LARGEST - 1, LARGEST - 1, "rich")])
    return somebody


def test_the_last_point_fits_and_the_next_is_refused_by_the_service(rich: int) -> None:
    give(rich, 1, "a")
    assert selectors.balance(rich) == LARGEST
    with pytest.raises(services.PointsError, match="more points than the ledger can count"):
        give(rich, 1, "b")
    assert selectors.balance(rich) == LARGEST
    assert selectors.standing(rich).level == 50
    give(rich, -5, "c")
    assert verify().ok


def give(person_id: int, amount: int, key: str) -> Entry:
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=NOON)


def test_an_event_that_would_overflow_is_a_dead_letter_that_says_why(rich: int) -> None:
    happen(daily(rich))
    drain(AWARDS)
    failure = Failure.objects.get()
    assert (failure.status, "more points than the ledger can count" in failure.error) == ("dead", True)
    assert selectors.balance(rich) == LARGEST - 1
    other = person()
    award(daily(other))
    assert selectors.balance(other) == 50, "nobody else is held up"


@pytest.mark.parametrize("number", [EDGE - 1, EDGE, 1 << 64, -EDGE - 1])
@pytest.mark.django_db
def test_ids_and_amounts_beyond_the_end_are_answered(number: int) -> None:
    somebody = person()
    with pytest.raises(UnknownPerson):
        give(number, 1, "a")
    with pytest.raises(services.PointsError):
        give(somebody, number, "a")
    with pytest.raises(services.PointsError):
        services.reverse_entry(entry_id=number, reason="r", actor=STAFF, key="k", now=NOON)
    with pytest.raises(services.PointsError):
        selectors.explain(number)
    assert selectors.balance(number) == 0
    assert selectors.entries(number, 5).lines == []
    assert selectors.rank_of(number, "total", NOON) is None
    commands: dict[str, tuple[object, ...]] = {
        "award_points": ("--person", number, "--amount", 1, "--reason", "r", "--key", "k"),
        "reverse_entry": (number, "--reason", "r", "--key", "k"),
        "explain_entry": (number,),
    }
    for name, arguments in commands.items():
        if number > 0:
            with pytest.raises(CommandError):
                call_command(name, *map(str, arguments), stdout=StringIO())
    assert not Account.objects.exists()


@pytest.mark.django_db
def test_numbers_in_events_do_not_reach_the_ledger() -> None:
    somebody = person()
    award(
        event("game.challenge_completed", somebody, challenge="c", score=EDGE),
        event(
            "game.trivia_completed", somebody, question="q", correct=True, milliseconds=EDGE, shortest_milliseconds=1000
        ),
        event("game.streak_extended", somebody, days=EDGE, since="2026-03-11"),
    )
    assert not Failure.objects.exists()
    rewards = Entry.objects.filter(rule="achievement_unlocked").order_by("sequence").values_list("amount", flat=True)
    assert list(rewards) == [75, 20, 60, 200], "a streak without end is as long as any"
    assert selectors.balance(somebody) == 300 + sum(rewards)
    assert verify().ok


@pytest.mark.django_db
def test_a_rule_cannot_have_more_base_points_than_can_be_counted() -> None:
    for base in (1 << 31, LARGEST):
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            RuleVersion.objects.create(
                rule_id="daily_login",
                version=9,
                active_from=NOON,
                event_type="game.daily_login",
                base=base,
                created_by="t",
            )
        assert refused.value.__cause__.sqlstate in ("22003", "23514")


@pytest.mark.parametrize("page", ["entry", "account"])
@pytest.mark.django_db
def test_the_admin_knows_no_entry_beyond_the_end_and_says_so(page: str, client: Client) -> None:
    client.force_login(Staff.objects.create_superuser("ada", password="a long enough password"))
    for number in (EDGE, 1 << 70):
        assert client.get(f"/admin/gamification/{page}/{number}/change/").status_code in (302, 404)
        assert client.get(f"/admin/gamification/{page}/?q={number}").status_code == 200


def test_ids_of_entries_end_with_an_error(db: None) -> None:
    somebody = person()
    of = lock_standings([somebody])[0][somebody]
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as refused, transaction.atomic():
        cursor.execute("INSERT INTO gamification_entry (id) VALUES (%s)", [EDGE])
    assert refused.value.__cause__.sqlstate == "22003"
    assert of.sequence == 0
