"""docs/ledger-proof.md: its corrections come out as it says."""

import re

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Entry
from diana.local.instance import ROOT
from tests.gamification.acts import NOON, STAFF, person

pytestmark = pytest.mark.django_db

ROW = re.compile(r"^\| (\+.+?) \| (\d+) \| (.+?) \| (\d+) \| (.+?) \| (\d+) \|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs" / "ledger-proof.md").read_text(encoding="utf-8"))


def amount_of(said: str) -> int:
    """Return what an entry asks for."""
    number = int(re.sub(r"\D", "", said))
    return -number if "penalty" in said else number


def named(said: str, entries: list[Entry], before: str) -> Entry:
    """Return the entry of these words: the only, the first or the second of its kind; "the second" is of the kind before."""
    kind = "penalty" if "penalty" in said or (said == "the second" and "penalty" in before) else "staff_award"
    return [entry for entry in entries if entry.kind == kind]["second" in said]


def test_it_has_five() -> None:
    assert len(ROWS) == 5


@pytest.mark.parametrize("row", ROWS)
def test_it_comes_out_as_the_table_says(row: tuple[str, ...]) -> None:
    acts, *steps = row
    somebody, how = person(), {"reason": "r", "actor": STAFF, "now": NOON}
    entries = [
        services.award(person_id=somebody, amount=amount_of(said), key=f"k{number}", **how)
        for number, said in enumerate(acts.split(", "))
    ]
    first, between, second, last = steps[1], steps[2], steps[3], steps[4]
    assert selectors.balance(somebody) == int(steps[0])
    services.reverse_entry(entry_id=named(first, entries, "").pk, key="a", **how)
    assert selectors.balance(somebody) == int(between)
    services.reverse_entry(entry_id=named(second, entries, first).pk, key="b", **how)
    assert selectors.balance(somebody) == int(last)
