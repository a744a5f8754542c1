"""docs/vip.md: its five histories come out as it says."""

import re
from datetime import timedelta

import pytest

from apps.users import selectors, services
from apps.users.models import Grant, Person
from diana.audit import Actor
from diana.local.instance import ROOT
from tests.users.conftest import NOW

ROW = re.compile(r"^\| (day .+?) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)
HISTORIES = ROW.findall((ROOT / "docs" / "vip.md").read_text(encoding="utf-8"))
ACTOR = Actor(7, "ana", "admin")
DAY = timedelta(days=1)


def act(person: Person, day: int, what: str, size: int) -> None:
    """Carry one act of a history out."""
    how = {"reason": "r", "actor": ACTOR, "now": NOW + day * DAY}
    match what:
        case "buy":
            services.grant_vip(person_id=person.pk, source="purchase", days=size, **how)
        case "window":
            services.grant_vip(person_id=person.pk, source="staff", ends_at=NOW + size * DAY, **how)
        case "take back":
            services.revoke_grant(grant_id=Grant.objects.order_by("pk")[size - 1].pk, **how)
        case "force on":
            until = NOW + size * DAY
            services.override_vip(person_id=person.pk, mode="on", until=until, key=f"k{day}", **how)
        case "clear":
            services.clear_overrides(person_id=person.pk, key=f"k{day}", **how)
        case _:
            raise AssertionError(f"docs/vip.md says {what!r}")


def test_it_has_five() -> None:
    assert len(HISTORIES) == 5


@pytest.mark.parametrize(("history", "day", "left", "end"), HISTORIES)
def test_it_comes_out_as_the_table_says(person: Person, history: str, day: str, left: str, end: str) -> None:
    for step in history.split(", "):
        found = re.fullmatch(r"day (\d+): ([a-z ]+?)(?: (\d+))?", step)
        assert found, step
        act(person, int(found[1]), found[2], int(found[3] or 0))
    now = NOW + int(day) * DAY
    assert selectors.effective_vip(person.pk, now) == now + int(left) * DAY == NOW + int(end) * DAY
