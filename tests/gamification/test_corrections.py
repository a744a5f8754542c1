"""Corrections: whatever is taken back in whatever order, the balance is what the acts that stand have deserved."""

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Entry
from apps.gamification.verify import verify
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
