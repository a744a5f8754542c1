"""Corrections: whatever is taken back in whatever order, the balance is what the acts that stand have deserved."""

import time

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from apps.gamification import corrections, loading, selectors, services
from apps.gamification.decide.chain import genesis
from apps.gamification.decide.entries import Standing, append
from apps.gamification.decide.state import State
from apps.gamification.models import Entry
from apps.gamification.storing import write_entries
from apps.gamification.verify import verify
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, STAFF, person

pytestmark = pytest.mark.django_db


def give(person_id: int, amount: int, key: str) -> Entry:
    """Give or take points as staff do."""
    return services.award(person_id=person_id, amount=amount, reason="r", actor=STAFF, key=key, now=NOON)


def take_back(entry: Entry) -> Entry:
    """Reverse as staff do."""
    return services.reverse_entry(entry_id=entry.pk, reason="r", actor=STAFF, key=f"r{entry.pk}", now=NOON)


def after(amounts: list[int], corrections: list[int]) -> list[int]:
    """Give and take these amounts, take some of them back in this order; return the balance after each correction."""
    somebody = person()
    entries = [give(somebody, amount, f"k{number}") for number, amount in enumerate(amounts)]
    balances = []
    for number in corrections:
        take_back(entries[number])
        balances.append(selectors.balance(somebody))
    assert verify().ok
    return balances


@pytest.mark.parametrize(
    ("amounts", "corrections", "balances"),
    [
        # The penalty had taken the award that is gone.
        ([50, 50, -1000], [0, 2], [0, 50]),
        ([50, 50, -1000], [2, 0], [100, 50]),
        # A second penalty takes what the first one leaves, also if there was nothing for it at its time.
        ([100, -100, -50], [1], [50]),
        ([100, -100, -50], [1, 2], [50, 100]),
        ([100, -100, -50], [2, 1], [0, 100]),
        # After the first correction the other penalty takes more than its entry says.
        ([200, -100, -1000], [1, 2], [0, 200]),
        # With the award gone the penalty had less to take; what came later is not touched.
        ([50, -30, 100], [0, 1], [100, 100]),
        ([50, -100, 70, -20], [1], [100]),
        # A correction of what lies before another one that was corrected before it.
        ([30, 40, -50, 20, -60, 10], [2, 0, 4, 1], [40, 10, 70, 30]),
    ],
)
def test_the_balance_is_what_the_acts_that_stand_deserve(
    amounts: list[int], corrections: list[int], balances: list[int]
) -> None:
    assert after(amounts, corrections) == balances


@st.composite
def histories(draw: st.DrawFn) -> list[int]:
    """Draw amounts to give and take, and between them numbers of acts to take back: as negative places from the end."""
    amounts = st.integers(-120, 100).filter(bool).map(lambda amount: ("give", amount))
    backs = st.integers(0, 30).map(lambda place: ("back", place))
    return draw(st.lists(st.one_of(amounts, amounts, backs), max_size=14))  # type: ignore[arg-type,return-value]


@settings(
    max_examples=12,
    # A history is short enough to be read; to make it shorter takes minutes.
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(histories())
def test_random_histories_end_at_what_is_deserved(history: list[tuple[str, int]]) -> None:
    somebody, entries, gone = person(), list[Entry](), set[int]()
    for number, (what, size) in enumerate(history):
        standing = [entry for entry in entries if entry.pk not in gone]
        if what == "give":
            entries.append(give(somebody, size, f"{somebody}.{number}"))
        elif standing:
            taken = standing[size % len(standing)]
            take_back(taken)
            gone.add(taken.pk)
        deserved = 0
        for entry in entries:
            deserved = max(deserved + (0 if entry.pk in gone else entry.base), 0)
        assert selectors.balance(somebody) == deserved
    gained = sum(entry.amount for entry in entries if entry.pk not in gone and entry.amount > 0)
    assert selectors.standing(somebody).lifetime == gained
    assert verify(person_ids=[somebody]).ok


def test_a_correction_tells_by_how_much_it_differs() -> None:
    somebody = person()
    first, second, fine = (give(somebody, amount, f"k{amount}") for amount in (50, 51, -1000))
    reversed_award, reversed_fine = take_back(first), take_back(fine)
    assert (reversed_award.amount, reversed_award.note) == (0, "short=50")
    assert (reversed_fine.amount, reversed_fine.base, reversed_fine.note) == (51, -101, "less=50")
    more, nothing = give(somebody, -51, "m"), give(somebody, -10, "n")
    take_back(more)
    back = take_back(nothing)
    assert (nothing.amount, back.amount, back.note) == (0, 10, "more=10")
    assert selectors.balance(somebody) == second.amount
    said = {entry.pk: " ".join(selectors.explain(entry.pk).words) for entry in (reversed_award, reversed_fine, back)}
    assert "50 of it were not there any more: a penalty had taken them." in said[reversed_award.pk]
    assert "50 less come back: other penalties or corrections take them." in said[reversed_fine.pk]
    assert "10 more come back: after other corrections the penalty took that much more." in said[back.pk]


def test_points_that_come_back_are_not_told_as_deducted() -> None:
    somebody = person()
    give(somebody, 30, "a")
    fine = give(somebody, -10, "b")
    before = list(StoredEvent.objects.values_list("id", flat=True))
    take_back(fine)
    told = StoredEvent.objects.exclude(id__in=before).order_by("id").values_list("type", flat=True)
    assert list(told) == ["game.entry_reversed", "admin.entry_reversed"]


def written(account: int, changes: list[tuple[str, int, int]]) -> None:
    """Append entries as they come: (kind, amount, base), as another release may have written them."""
    standing = Standing(account, 0, 0, 0, genesis(account), State())
    drafts = [
        append(
            standing,
            kind=kind,  # type: ignore[arg-type]
            amount=amount,
            base=base,
            idempotency_key=f"old:{account}:{number}",
            occurred_at=0,
            actor="admin:vera",
            reason_hash=bytes(32),
        )
        for number, (kind, amount, base) in enumerate(changes)
    ]
    write_entries(drafts)


def opened() -> int:
    """Return somebody with an account and nothing in it."""
    somebody = person()
    with transaction.atomic():
        loading.lock_standings([somebody])
    return somebody


def test_a_correction_takes_two_queries_and_reads_only_what_came_later() -> None:
    somebody = opened()
    many = 20_000
    written(somebody, [("staff_award", 5, 5)] * many + [("penalty", -3, -3)] + [("staff_award", 5, 5)] * 10)
    entries = Entry.objects.filter(account_id=somebody)
    standing = loading.lock_standings([somebody])[0][somebody]
    for place, amount in ((0, -5), (many, 3), (many + 10, -5)):
        original = entries.get(sequence=place + 1)
        with CaptureQueriesContext(connection) as queries:
            assert corrections.reversal_of(original, standing) == amount
        read = [query["sql"] for query in queries.captured_queries]
        assert len([sql for sql in read if "CURSOR" not in sql.upper() or "DECLARE" in sql.upper()]) == 2
    begun = time.perf_counter()
    take_back(entries.get(sequence=1))
    assert time.perf_counter() - begun < 5


def test_what_was_written_under_the_old_rule_verifies_and_is_corrected_from_where_it_stands() -> None:
    """The order of two corrections once left 100 points where 50 were deserved."""
    somebody = opened()
    written(somebody, [("staff_award", 50, 50), ("staff_award", 50, 50), ("penalty", -100, -1000)])
    first, second, fine = Entry.objects.filter(account_id=somebody).order_by("sequence")
    standing = loading.lock_standings([somebody])[0][somebody]
    how = {"kind": "reversal", "occurred_at": 0, "actor": "admin:vera", "reason_hash": bytes(32)}
    taken = append(standing, amount=0, base=50, idempotency_key="r1", reverses=first.pk, note="short=50", **how)
    given_back = append(standing, amount=100, base=-100, idempotency_key="r2", reverses=fine.pk, **how)
    write_entries([taken, given_back])
    assert verify(person_ids=[somebody]).ok
    assert selectors.balance(somebody) == 100
    assert take_back(second).amount == -50, "no more than the entry gave"
    later = give(somebody, 30, "later")
    assert take_back(later).amount == -30
    assert verify(person_ids=[somebody]).ok


@pytest.mark.parametrize(
    ("original", "amount", "base", "refused"),
    [
        (("penalty", -10, -40), 40, -10, None),
        (("penalty", -10, -40), 41, -10, "names no entry"),
        (("penalty", -10, -40), -1, -10, "gamification_entry_kind"),
        (("penalty", 0, -40), 40, 0, None),
        (("penalty", 0, -40), 41, 0, "names no entry"),
        (("staff_award", 10, 10), -10, 10, None),
        (("staff_award", 10, 10), -11, 10, "gamification_entry_kind"),
        (("staff_award", 10, 10), 1, 10, "gamification_entry_kind"),
    ],
)
def test_the_database_bounds_what_a_reversal_moves(
    original: tuple[str, int, int], amount: int, base: int, refused: str | None
) -> None:
    somebody = opened()
    written(somebody, [("staff_award", 100, 100), original])
    entry = Entry.objects.get(account_id=somebody, sequence=2)
    standing = loading.lock_standings([somebody])[0][somebody]
    how = {"kind": "reversal", "occurred_at": 0, "actor": "admin:vera", "reason_hash": bytes(32), "reverses": entry.pk}
    draft = append(standing, amount=amount, base=base, idempotency_key=f"r:{somebody}", **how)
    if refused is None:
        write_entries([draft])
        return
    with pytest.raises(DatabaseError, match=refused), transaction.atomic():
        write_entries([draft])
