"""Grants from before they had durations: ends stay as they were, but where an earlier grant was taken back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from django.core.management import call_command
from django.db import connections

from apps.users import selectors, services
from apps.users.models import Grant, VipStanding
from diana import clock
from diana.audit.models import AuditRecord
from diana.events.log import read_events
from diana.events.models import StoredEvent
from tests.gamification.acts import person

pytestmark = pytest.mark.usefixtures("committed_db")

NOW = clock.now() - timedelta(days=6)
DAY = timedelta(days=1)
GRANT = """
INSERT INTO users_grant (person_id, source, starts_at, ends_at, reason, granted_by, revoked_at, revoked_by)
VALUES (%s, 'purchase', %s, %s, 'r', 'ana', %s, %s)
"""
OVERRIDE = """
INSERT INTO users_vipoverride (person_id, mode, starts_at, until, reason, forced_by, key, ended_at, ended_by)
VALUES (%s, %s, %s, %s, 'r', 'ana', %s, %s, %s)
"""
STANDING = """
INSERT INTO users_vipstanding (person_id, state, until, kept_until) VALUES (%s, 'active', %s, %s)
"""


def at(days: float) -> datetime:
    """Return the moment so many days after noon."""
    return NOW + days * DAY


@dataclass
class Row:
    """A grant, or an override forced on, as the tables had it: when it was taken back, too."""

    starts_at: datetime
    ends_at: datetime
    gone_at: datetime | None = None
    forced: bool = False


@dataclass
class Before:
    """Somebody under the old rule: each grant keeps the end that it was told."""

    rows: list[Row] = field(default_factory=list)
    person: int = field(default_factory=person)

    def end(self, now: datetime) -> datetime:
        """Return the end of what was promised then."""
        return max([now, *(row.ends_at for row in self.rows if row.gone_at is None or row.gone_at > now)])

    def buy(self, day: float, days: int = 30) -> "Before":
        """Give days."""
        self.rows.append(Row(at(day), self.end(at(day)) + days * DAY))
        return self

    def window(self, day: float, until: float) -> "Before":
        """Give VIP until a moment."""
        self.rows.append(Row(at(day), at(until)))
        return self

    def force(self, day: float, until: float) -> "Before":
        """Force VIP on until a moment."""
        self.rows.append(Row(at(day), at(until), forced=True))
        return self

    def take_back(self, number: int, day: float) -> "Before":
        """Revoke a grant, or clear an override."""
        self.rows[number].gone_at = at(day)
        return self

    def write(self) -> None:
        """Write the rows as the old release had them, past all that it would have told."""
        with connections["owner"].cursor() as cursor:
            for number, row in enumerate(self.rows):
                by = "ana" if row.gone_at else None
                if row.forced:
                    key = f"{self.person}.{number}"
                    values = [self.person, "on", row.starts_at, row.ends_at, key, row.gone_at, by]
                    cursor.execute(OVERRIDE, values)
                else:
                    cursor.execute(GRANT, [self.person, row.starts_at, row.ends_at, row.gone_at, by])
            end = max(row.ends_at for row in self.rows if row.gone_at is None)
            cursor.execute(STANDING, [self.person, end, end + 2 * DAY])


def upgraded(people: list[Before]) -> None:
    """Write them as the old release did, then migrate."""
    call_command("migrate", "users", "0030_vip_overrides", database="owner", verbosity=0)
    for somebody in people:
        somebody.write()
    records = AuditRecord.objects.count()
    call_command("migrate", "users", database="owner", verbosity=0)
    assert AuditRecord.objects.count() == records, "a release is no act of staff"


def end_of(somebody: Before, day: float) -> float | None:
    """Return the end of effective VIP in days after noon."""
    until = selectors.effective_vip(somebody.person, at(day))
    return None if until is None else (until - NOW) / DAY


def test_only_the_ends_move_of_those_whose_earlier_grant_was_taken_back() -> None:
    same = {
        30: Before().buy(0),
        60: Before().buy(0).buy(10),
        40: Before().window(0, 10.5).window(3, 40),
        70.5: Before().window(0, 40.5).buy(3),
        45.5: Before().buy(0).window(1, 45.5),
        31: Before().buy(1),
        41: Before().force(0, 10).buy(1, 31),
        42: Before().force(0, 10).buy(1, 32).take_back(0, 3),
        36: Before().buy(0).take_back(0, 5).buy(6),
        33: Before().buy(0, 33).buy(1).take_back(1, 2),
    }
    moved = {
        (60, 30.25): Before().buy(0).buy(0).take_back(0, 0.25),
        (60, 35): Before().buy(0).buy(1).take_back(0, 5),
        (90, 60): Before().buy(0).buy(0).buy(0).take_back(1, 6),
        (120, 66): Before().buy(0).buy(0).buy(0).take_back(1, 6).take_back(0, 6).buy(7),
    }
    upgraded([*same.values(), *moved.values()])
    assert {end: end_of(somebody, 9.75) for end, somebody in same.items()} == {end: end for end in same}
    assert {ends: end_of(somebody, 9.75) for ends, somebody in moved.items()} == {ends: ends[1] for ends in moved}


def test_the_ends_of_random_people_stay() -> None:
    """Grants, windows, overrides cleared and not; of grants only the newest is ever taken back."""
    chance, people = Random(14), []
    for _ in range(60):
        somebody, day = Before(), 0.0
        for _ in range(chance.randint(1, 6)):
            day += chance.choice([0, 0.3, 1, 7, 40])
            match chance.choice(["buy", "buy", "buy", "window", "force", "back"]):
                case "window":
                    somebody.window(day, day + chance.uniform(0.1, 50))
                case "force":
                    somebody.force(day + 0.01, day + chance.uniform(0.1, 50))
                    day += 0.02
                case "back" if somebody.rows and somebody.rows[-1].gone_at is None:
                    somebody.take_back(-1, day)
                case _:
                    somebody.buy(day, chance.choice([1, 7, 30, 90]))
        if any(row.gone_at is None for row in somebody.rows):
            people.append(somebody)
    upgraded(people)
    assert len(people) > 50
    for somebody in people:
        now = max(max(row.starts_at, row.gone_at or row.starts_at) for row in somebody.rows) + timedelta(minutes=2)
        end = somebody.end(now)
        assert selectors.effective_vip(somebody.person, now) == (end if end > now else None)


def durations(somebody: Before) -> list[timedelta | None]:
    """Return the durations of the person's grants, oldest first."""
    return list(Grant.objects.filter(person_id=somebody.person).order_by("pk").values_list("duration", flat=True))


def test_days_and_windows_are_told_apart() -> None:
    somebody = Before().buy(0, 7).window(1, 20.4).buy(2)
    # Days that waited for what was cleared kept the end that they were told.
    waited = Before().force(0, 10.25).buy(1, 32).take_back(0, 3)
    upgraded([somebody, waited])
    assert durations(somebody) == [7 * DAY, None, 30 * DAY]
    assert durations(waited) == [41.25 * DAY]


def test_an_end_that_moved_is_told_at_once_to_whom_it_concerns() -> None:
    moved, same = Before().buy(0).buy(0).take_back(0, 5), Before().buy(0)
    upgraded([moved, same])
    assert services.expire_vip(now=clock.now()) == services.Passed(people=1, overridden=1)
    told = read_events(list(StoredEvent.objects.filter(user_id=moved.person).values_list("id", flat=True)))
    assert [(event.type, event.fields["until"]) for event in told] == [("admin.vip_overridden", at(35).isoformat())]
    assert VipStanding.objects.get(person_id=moved.person).until == at(35)
    assert "worked out anew" in AuditRecord.objects.get(act="end_vip_override").reason
