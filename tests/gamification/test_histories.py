"""Random histories: whatever people and staff do, in whatever order, everything that is stored follows from the log.

Acts over days on which clocks change and people travel, staff's gifts, penalties, reversals, grants, suspensions. After each
step: every balance is the sum of its entries, that of the last one, and what the acts that stand deserve; the chains verify, the
boards recount, and the state is a pure fold over the log. HISTORIES makes it look longer.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings

from apps.gamification import loading, recomputing, selectors, services, tasks
from apps.gamification.boards import recount
from apps.gamification.decide.chain import genesis
from apps.gamification.decide.entries import Standing, lifetime_gain
from apps.gamification.decide.history import RECOMPUTED, fold_history
from apps.gamification.decide.levels import level_of
from apps.gamification.decide.outcomes import Awarded
from apps.gamification.decide.state import State, decode, encode
from apps.gamification.models import Entry, Progress, Unlock
from apps.gamification.verify import verify
from apps.users import services as users
from diana.events.drain import drain_lane
from diana.events.lanes import lane_of
from diana.events.locks import lane_lock
from diana.events.subscriptions import subscriber
from tests.gamification.acts import AWARDS, STAFF, event, people

# Three days before Europe's clocks change; Madrid's are an hour ahead of UTC, then two.
BEGINNING = datetime(2026, 3, 26, 20, 0, tzinfo=UTC)
ZONES = ("Europe/Madrid", "UTC", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati")
# What a reversal changes beside the ledger: limits and the cap are free again, so that later acts earn what a fold denies them.
FREED = ("hours", "days", "months", "ever", "capped", "cooling", "suppressed")
IN_TIME = {"milliseconds": 5000, "shortest_milliseconds": 1000}

ACTS: list[Callable[[int, int], Any]] = [
    lambda p, n: [event("game.message_sent", p, chat=1, length=5, content_digest=f"{n:032x}")] * 3,
    lambda p, n: [event("game.trivia_completed", p, question=f"q{n % 7}", correct=n % 4 != 0, **IN_TIME)],
    lambda p, n: [event("narrative.chapter_completed", p, story="s", chapter=str(n % 5), seconds=60)],
    lambda p, n: [event("narrative.decision_made", p, story="s", chapter=str(n % 5), choice="a")],
    lambda p, n: [event("game.community_participation", p, kind="reaction", chat=1)] * 4,
    lambda p, n: [event("game.challenge_completed", p, challenge=f"c{n % 3}", score=n)],
    lambda p, n: [event("narrative.secret_found", p, secret=f"x{n % 4}")],
    lambda p, n: [event("user.tutorial_step_completed", p, step=("daily", "story", "board", "achievement")[n % 4])],
    lambda p, n: [event("user.onboarding_completed", p, seconds=50)],
    lambda p, n: [event("user.visibility_changed", p, mode=("name", "alias", "hidden")[n % 3])],
    lambda p, n: [event("payment.succeeded", p, charge=n, product="vip", stars=50, recurring=n % 2 > 0, first=n % 3 > 0)],
    lambda p, n: [event("game.rank_closed", p, board="weekly", period=f"2026-W{n % 20:02}", rank=n % 12 + 1, score=9, ranked=40)],
]  # fmt: skip

STEP = st.one_of(
    st.tuples(st.just("act"), st.integers(0, len(ACTS) - 1)),
    st.tuples(st.just("act"), st.integers(0, len(ACTS) - 1)),
    st.tuples(
        st.sampled_from(["daily", "travel", "give", "fine", "reverse", "grant", "revoke", "vip", "suspend", "repair"]),
        st.integers(0, 9),
    ),
)
HISTORY = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0, 1, 3, 8, 20, 26, 50]), STEP), min_size=4, max_size=14
)


class World:
    """Two people, the moment it is, and what has happened so far."""

    def __init__(self) -> None:
        self.crowd = people(2)
        self.now, self.number, self.reversed = BEGINNING, 0, False

    def step(self, who: int, hours: int, kind: str, choice: int) -> None:
        """Let something happen so many hours later, and let the award subscriber handle it and what follows."""
        self.now += timedelta(hours=hours, minutes=7)
        self.number += 1
        person = self.crowd[who]
        getattr(self, f"_{kind}")(person, choice, f"step{self.number}")
        tasks.end_days_of_everyone(self.now)
        for lane in {lane_of(str(somebody)) for somebody in self.crowd}:
            with lane_lock(AWARDS, lane):
                while drain_lane(subscriber(AWARDS), lane).handled:
                    pass

    def _act(self, person: int, choice: int, key: str) -> None:
        happened = ACTS[choice](person, self.number)
        users.act(person_id=person, occurred_at=self.now, key_prefix=key, events=lambda _: happened)

    def _daily(self, person: int, choice: int, key: str) -> None:
        users.act(
            person_id=person,
            occurred_at=self.now,
            key_prefix=key,
            events=lambda local: [event("game.daily_login", person, local_date=local.date().isoformat())],
        )

    def _travel(self, person: int, choice: int, key: str) -> None:
        users.set_timezone(person_id=person, timezone=ZONES[choice % len(ZONES)], now=self.now)

    def _give(self, person: int, choice: int, key: str) -> None:
        services.award(person_id=person, amount=300 * (choice + 1), reason="r", actor=STAFF, key=key, now=self.now)

    def _fine(self, person: int, choice: int, key: str) -> None:
        services.award(person_id=person, amount=-150 * (choice + 1), reason="r", actor=STAFF, key=key, now=self.now)

    def _reverse(self, person: int, choice: int, key: str) -> None:
        taken = Entry.objects.exclude(reverses=None).values("reverses")
        open_ones = Entry.objects.filter(account_id=person).exclude(kind__in=["reversal", "suppressed"])
        open_ones = open_ones.exclude(id__in=taken)
        ids = list(open_ones.order_by("id").values_list("id", flat=True))
        if ids:
            self.reversed = True
            entry_id = ids[choice % len(ids)]
            services.reverse_entry(entry_id=entry_id, reason="r", actor=STAFF, key=key, now=self.now)

    def _grant(self, person: int, choice: int, key: str) -> None:
        achievement, tier = [("staff_pick", "single"), ("voice", "bronze"), ("century_club", "secret")][choice % 3]
        try:
            services.grant_achievement(
                person_id=person, achievement=achievement, tier=tier, reason="r", actor=STAFF, key=key, now=self.now
            )
        except services.NotGrantable:
            return

    def _revoke(self, person: int, choice: int, key: str) -> None:
        held = list(Unlock.objects.filter(account_id=person, revoked_at=None).order_by("id"))
        if held:
            self.reversed = True
            unlock_id = held[choice % len(held)].pk
            services.revoke_achievement(unlock_id=unlock_id, reason="r", actor=STAFF, key=key, now=self.now)

    def _vip(self, person: int, choice: int, key: str) -> None:
        users.grant_vip(person_id=person, source="gift", days=choice + 1, reason="r", actor=STAFF, now=self.now)

    def _suspend(self, person: int, choice: int, key: str) -> None:
        until = self.now + timedelta(hours=choice + 1) if choice % 3 else None
        if choice % 2:
            users.suspend(person_id=person, until=until, reason="r", actor=STAFF, key=key, now=self.now)
            return
        try:
            users.unsuspend(person_id=person, reason="r", actor=STAFF, key=key, now=self.now)
        except users.NotSuspended:
            return

    def _repair(self, person: int, choice: int, key: str) -> None:
        try:
            services.repair_streak(person_id=person, reason="r", actor=STAFF, now=self.now)
        except services.NothingToRepair:
            return


def check(world: World) -> None:
    """Assert all that must hold between two steps."""
    report = verify()
    assert report.ok, report.faults
    boards = recount.compare_rows(world.now)
    assert boards.differences == []
    for person in world.crowd:
        entries = list(Entry.objects.filter(account_id=person).order_by("sequence"))
        if not entries:
            continue
        standing = selectors.standing(person)
        assert standing.balance == sum(e.amount for e in entries) == entries[-1].balance_after
        assert standing.balance == deserved(entries)
        lifetime = sum(lifetime_gain(e.kind, e.amount, e.base) for e in entries)
        assert (standing.lifetime, standing.level) == (lifetime, level_of(lifetime))
        check_fold(person, entries, exactly=not world.reversed)


def deserved(entries: list[Entry]) -> int:
    """Return what the acts that still stand come to, each in its turn, never below zero."""
    gone, balance = {entry.reverses for entry in entries}, 0
    for entry in entries:
        if entry.kind != "reversal" and entry.pk not in gone:
            balance = max(balance + (entry.base if entry.kind == "penalty" else entry.amount), 0)
    return balance


def check_fold(person: int, entries: list[Entry], *, exactly: bool) -> None:
    """Fold the person's facts anew and compare: the state always, what was earned as long as nothing was taken back."""
    with transaction.atomic():
        live = loading.lock_standings([person])[0][person]
        facts = recomputing.facts_of(live)
    sequences, gains = dict[Any, int](), list[tuple[int, int]]()
    for entry in entries:
        if entry.event_id is not None and not entry.note.startswith(RECOMPUTED):
            sequences.setdefault(entry.event_id, entry.sequence)
        elif gain := lifetime_gain(entry.kind, entry.amount, entry.base):
            gains.append((entry.sequence, gain))
    folded = Standing(person, 0, 0, 0, genesis(person), State())
    decided = list(fold_history(folded, facts, loading.rulebook(), gains=gains, sequences=sequences))
    mine, stored = derived(folded.state, exactly), derived(decode(Progress.objects.get(pk=person).document), exactly)
    assert mine == stored
    held = Unlock.objects.filter(account_id=person, revoked_at=None).exclude(achievement__repeatable=True)
    assert {(u.achievement_id, u.tier) for u in held} == {
        (name, tier)
        for name, tiers in live.state.unlocked.items()
        for tier in tiers
        if "@" not in tier and name != "podium"
    }
    if exactly:
        earned = [
            (draft.event_id, draft.rule, draft.amount, draft.multipliers)
            for _, outcomes in decided
            for draft in (o.entry for o in outcomes if isinstance(o, Awarded))
        ]
        assert earned == [(e.event_id, e.rule, e.amount, e.multipliers) for e in entries if e.kind == "award"]


def derived(state: State, exactly: bool) -> dict[str, Any]:
    """Return the document, without what a reversal frees and what depends on points that it took."""
    document: dict[str, Any] = msgspec.json.decode(encode(state))
    if not exactly:
        for name in (*FREED, "marks", "unlocked", "revoked", "bonuses"):
            document.pop(name, None)
    return document


@pytest.mark.django_db
@settings(
    max_examples=int(os.environ.get("HISTORIES", "12")),
    # A history is short enough to be read; to make it shorter takes minutes.
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(HISTORY)
def test_everything_follows_from_the_log_whatever_happens(history: list[tuple[int, int, tuple[str, int]]]) -> None:
    with transaction.atomic():
        world = World()
        for who, hours, (kind, choice) in history:
            world.step(who, hours, kind, choice)
            check(world)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_the_checks_see_a_state_that_does_not_follow() -> None:
    world = World()
    world.step(0, 1, "act", 0)
    check(world)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE gamification_progress SET document = (document::jsonb || %s::jsonb)::json WHERE account_id = %s",
            ['{"correct_answers": 1}', world.crowd[0]],
        )
    with pytest.raises(AssertionError):
        check(world)
