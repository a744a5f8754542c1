"""The pure core: whatever happens in whatever order, the limits hold, the sums agree, and the same input gives the same."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gamification.decide import chain, facts, state
from apps.gamification.decide.awarding import decide
from apps.gamification.decide.entries import Draft, Standing, append, lifetime_gain
from apps.gamification.decide.facts import Fact
from apps.gamification.decide.folding import FOR_EVER
from apps.gamification.decide.levels import LEVELS, TABLES, level_of, points_for
from apps.gamification.decide.limits import LONGEST_KEY
from apps.gamification.decide.multipliers import canonical, components, multiplied, parse
from apps.gamification.decide.outcomes import Awarded, LevelRaised, Outcome, StreakExtended, Suppressed
from apps.gamification.decide.rules import (
    Amounts,
    Condition,
    Limit,
    Multipliers,
    MultiplierVersion,
    NoMultipliers,
    Rule,
    Rulebook,
    Window,
)

EPOCH = facts.EPOCH
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
ACT = Rule("act", 1, EPOCH, "act", 30, (Limit("hour", 5), Limit("day", 12)))
QUIZ = Rule("quiz", 1, EPOCH, "quiz", 100, (Limit("30days", 1, ("q",)), Limit("30days", 3)), capped=False)
ONCE = Rule("once", 1, EPOCH, "once", 40, (Limit("ever", 1, ("step",)),), multiplied=False)
BOOK = Rulebook([ACT, QUIZ, ONCE], [MultiplierVersion(1, EPOCH, Multipliers())])


def standing() -> Standing:
    """Return a fresh account."""
    return Standing(7, 0, 0, 0, chain.genesis(7), state.State())


def happens(event_type: str, at: datetime, n: int = 1, offset: int = 0, **fields: object) -> Fact:
    """Return a fact."""
    moment = facts.microseconds(at)
    return facts.fact(
        position=n, event_id=UUID(int=n), type=event_type, at=moment, utc_offset_minutes=offset, fields=dict(fields)
    )


def run(of: Standing, *happened: Fact, book: Rulebook = BOOK) -> list[Outcome]:
    """Decide on one fact after the other."""
    return [outcome for fact in happened for outcome in decide(of, fact, book)]


def entries(outcomes: list[Outcome]) -> list[Draft]:
    """Return the entries among the outcomes."""
    return [o.entry for o in outcomes if isinstance(o, Awarded | Suppressed) and o.entry]


histories = st.lists(
    st.tuples(
        st.sampled_from(
            ["act", "quiz", "once", "user.active_day", "vip.granted", "vip.revoked", "admin.user_suspended"]
        ),
        st.integers(0, 60 * 24 * 40),
        st.integers(-720, 840),
        st.integers(0, 4),
    ),
    max_size=60,
)


def facts_of(history: list[tuple[str, int, int, int]]) -> list[Fact]:
    """Turn drawn tuples into facts, in the order drawn: times may go back."""
    made = []
    for n, (event_type, minutes, offset, value) in enumerate(history, start=1):
        at = NOON + timedelta(minutes=minutes)
        fields = {
            "act": {},
            "quiz": {"q": f"q{value}"},
            "once": {"step": value},
            "user.active_day": {"local_date": (at + timedelta(minutes=offset)).date().isoformat()},
            "vip.granted": {"until": (at + timedelta(days=value)).isoformat()},
            "vip.revoked": {"until": None},
            "admin.user_suspended": {"until": (at + timedelta(hours=value)).isoformat()},
        }[event_type]
        made.append(happens(event_type, at, n, offset, **fields))
    return made


@given(histories)
def test_every_history_gives_a_whole_chain_and_sums_that_agree(history: list[tuple[str, int, int, int]]) -> None:
    account = standing()
    written = entries(run(account, *facts_of(history)))
    previous, balance, lifetime = chain.genesis(7), 0, 0
    for number, entry in enumerate(written, start=1):
        balance += entry.amount
        lifetime += lifetime_gain(entry.kind, entry.amount, entry.base)
        assert (entry.sequence, entry.previous_hash) == (number, previous)
        assert (entry.balance_after, entry.lifetime_after) == (balance, lifetime)
        assert chain.entry_hash(*entry[:-1]) == entry.hash
        previous = entry.hash
    assert (account.balance, account.lifetime, account.sequence, account.hash) == (
        balance,
        lifetime,
        len(written),
        previous,
    )


@given(histories)
def test_the_same_history_gives_the_same_result_also_through_the_stored_document(
    history: list[tuple[str, int, int, int]],
) -> None:
    happened = facts_of(history)
    straight, stored = standing(), standing()
    first = run(straight, *happened)
    second: list[Outcome] = []
    for fact in happened:
        stored.state = state.decode(state.encode(stored.state))
        second += run(stored, fact)
    assert first == second
    assert straight == stored


@given(histories)
def test_limits_and_the_cap_hold_in_every_history_that_moves_forward(history: list[tuple[str, int, int, int]]) -> None:
    happened = facts_of(sorted(history, key=lambda drawn: drawn[1]))
    by_id = {fact.event_id: fact for fact in happened}
    paid = [e for e in entries(run(standing(), *happened)) if e.kind == "award"]
    hours: dict[int, int] = {}
    days: dict[int, int] = {}
    capped: dict[int, int] = {}
    keys: set[tuple[str, object]] = set()
    for entry in paid:
        fact = by_id[entry.event_id]  # type: ignore[index]
        if entry.rule == "act":
            hours[fact.hour] = hours.get(fact.hour, 0) + 1
            days[fact.day] = days.get(fact.day, 0) + 1
        if entry.rule in ("act", "once"):
            lost = int(entry.note.partition("=")[2] or 0)
            capped[fact.day] = capped.get(fact.day, 0) + entry.base - lost
        if entry.rule == "once":
            assert (entry.rule, fact.fields["step"]) not in keys
            keys.add((entry.rule, fact.fields["step"]))
        assert entry.amount >= 1
    assert all(n <= 5 for n in hours.values())
    assert all(n <= 12 for n in days.values())
    assert all(points <= 800 for points in capped.values())


@given(histories)
def test_suppressed_acts_leave_one_entry_for_each_rule_and_hour(history: list[tuple[str, int, int, int]]) -> None:
    happened = facts_of(sorted(history, key=lambda drawn: drawn[1]))
    by_id = {fact.event_id: fact for fact in happened}
    kept = [(e.rule, by_id[e.event_id].hour) for e in entries(run(standing(), *happened)) if e.kind == "suppressed"]
    assert len(kept) == len(set(kept))


def test_the_text_of_an_entry_is_what_the_documentation_says() -> None:
    made = append(
        standing(), kind="award", amount=5, base=5, idempotency_key="k", occurred_at=12, rule="r", rule_version=3
    )
    text = f"1|7|1|5|5|5|award|r|3|5||||k||||12|{chain.genesis(7).hex()}"
    assert made.hash == sha256(text.encode()).digest()
    assert chain.genesis(7) == sha256(b"diana|account|7").digest()


def test_a_limit_of_thirty_days_is_over_after_thirty_days() -> None:
    account = standing()
    outcomes = run(
        account,
        happens("quiz", NOON, 1, q="a"),
        happens("quiz", NOON + timedelta(days=29), 2, q="a"),
        happens("quiz", NOON + timedelta(days=30), 3, q="a"),
    )
    assert [type(o) for o in outcomes if not isinstance(o, LevelRaised)] == [Awarded, Suppressed, Awarded]


def test_once_is_once_however_much_later() -> None:
    account = standing()
    late = NOON + timedelta(days=4000)
    outcomes = run(
        account, happens("once", NOON, 1, step=1), happens("once", late, 2, step=1), happens("once", late, 3, step=2)
    )
    assert [type(o) for o in outcomes] == [Awarded, Suppressed, Awarded]


def test_a_long_key_is_kept_as_a_digest() -> None:
    account = standing()
    run(account, happens("once", NOON, 1, step="x" * 1000), happens("once", NOON, 2, step="x" * 1000))
    assert [len(name) <= LONGEST_KEY for name in account.state.ever] == [True]
    assert account.sequence == 2


def test_a_suspended_person_earns_nothing_until_the_end() -> None:
    account = standing()
    until = NOON + timedelta(hours=1)
    run(account, happens("admin.user_suspended", NOON, 1, until=until.isoformat()))
    outcomes = run(account, happens("act", until - timedelta(microseconds=1), 2), happens("act", until, 3))
    assert [o.reason if isinstance(o, Suppressed) else "" for o in outcomes] == ["suspended", ""]
    run(account, happens("admin.user_suspended", until, 4))
    assert account.state.suspended_until == FOR_EVER
    run(account, happens("admin.user_unsuspended", until, 5))
    assert account.state.suspended_until == 0


def test_a_streak_grows_by_dates_in_a_row_and_begins_anew_after_a_gap() -> None:
    account = standing()
    days = [0, 0, 1, 2, 1, 6, 7]
    outcomes = run(
        account,
        *[happens("user.active_day", NOON, n, local_date=f"2026-03-{10 + d}") for n, d in enumerate(days, start=1)],
    )
    assert [o.days for o in outcomes if isinstance(o, StreakExtended)] == [2, 3, 2]
    assert [str(o.since) for o in outcomes if isinstance(o, StreakExtended)] == [
        "2026-03-10",
        "2026-03-10",
        "2026-03-16",
    ]


def test_a_broken_streak_pays_no_bonus() -> None:
    account = standing()
    account.state.streak_days, account.state.streak_day = 30, facts.day_number(NOON.date())
    config = Multipliers()
    assert components(account, happens("act", NOON + timedelta(days=1)), config) == [("streak", 3000)]
    assert components(account, happens("act", NOON + timedelta(days=2)), config) == []


def test_all_bonuses_are_added_up_and_clamped() -> None:
    account = standing()
    account.lifetime = points_for(50) or 0
    account.state.streak_days, account.state.streak_day = 400, facts.day_number(NOON.date())
    account.state.vip_until = FOR_EVER
    account.state.bonuses = {"century_club": 500, "explorer": 500, "podium": 5000}
    config = Multipliers(windows=(Window(NOON, NOON + timedelta(hours=1), 15_000),))
    parts = components(account, happens("act", NOON), config)
    assert canonical(parts) == "bonus=2000,event=10000,level=1000,streak=3000,vip=5000"
    assert parse(canonical(parts)) == parts
    assert multiplied(100, parts, config.factor_at_most) == 300
    assert ("event", 10_000) not in components(account, happens("act", NOON + timedelta(hours=1)), config)


@given(st.integers(1, 10**9), st.integers(0, 40_000))
def test_rounding_is_half_up_once_and_never_below_the_base(base: int, basis_points: int) -> None:
    amount = multiplied(base, [("event", basis_points)], 30_000)
    exact_times_20000 = 2 * base * min(10_000 + basis_points, 30_000)
    assert -10_000 < amount * 20_000 - exact_times_20000 <= 10_000
    assert amount >= base


def test_nothing_multiplied_is_nothing() -> None:
    assert multiplied(0, [("vip", 5000)], 30_000) == 0


@given(st.integers(0, 200_000))
def test_levels_follow_the_table(lifetime: int) -> None:
    level = level_of(lifetime)
    assert 1 <= level <= LEVELS
    assert 50 * level * (level - 1) <= lifetime
    assert level == LEVELS or lifetime < 50 * (level + 1) * level
    assert points_for(LEVELS + 1) is None
    assert len(TABLES[1]) == LEVELS


@pytest.mark.parametrize(
    ("condition", "fields", "holds"),
    [
        (Condition("c", equals=True), {"c": True}, True),
        (Condition("c", equals=True), {"c": False}, False),
        (Condition("c", equals=True), {"c": 1}, False),
        (Condition("c", equals=1), {"c": True}, False),
        (Condition("c", equals="a"), {}, False),
        (Condition("c", minimum=3000), {"c": 3000}, True),
        (Condition("c", minimum=3000), {"c": 2999}, False),
        (Condition("c", minimum=3000), {"c": "many"}, False),
        (Condition("c - d", minimum=0), {"c": 1200, "d": 1200}, True),
        (Condition("c - d", minimum=0), {"c": 1199, "d": 1200}, False),
        (Condition("c - d", equals=2), {"c": 3, "d": 1}, True),
        (Condition("c - d", minimum=0), {"c": 1200}, False),
        (Condition("c - d"), {"c": 1200, "d": "many"}, False),
        (Condition("c - d"), {"c": True, "d": 1}, False),
    ],
)
def test_conditions(condition: Condition, fields: dict[str, object], holds: bool) -> None:
    assert condition.holds(fields) is holds
    rule = Rule("r", 1, EPOCH, "t", 10, conditions=(condition,))
    assert rule.base_for(fields) == (10 if holds else 0)
    assert rule.fields == set(condition.field.split(" - "))


def test_a_table_of_amounts_pays_what_it_names() -> None:
    rule = Rule("r", 1, EPOCH, "t", 0, (Limit("ever", 1, ("k",)),), amounts=Amounts("days", {"7": 50}))
    assert [rule.base_for({"days": d}) for d in (6, 7, 8)] == [0, 50, 0]
    assert rule.fields == {"k", "days"}


def test_the_newest_version_that_has_begun_applies() -> None:
    second = Rule("act", 2, NOON, "act", 99)
    moved = Rule("act", 3, NOON + timedelta(days=1), "other", 99)
    book = Rulebook([ACT, second, moved], [MultiplierVersion(1, NOON, Multipliers())])
    moments = [facts.microseconds(NOON + timedelta(seconds=s)) for s in (-1, 0, 86_400)]
    assert [[r.version for r in book.rules_for("act", at)] for at in moments] == [[1], [2], []]
    assert [r.version for r in book.rules_for("other", moments[2])] == [3]
    with pytest.raises(NoMultipliers):
        book.multipliers_at(moments[0])


def test_old_windows_are_forgotten_and_what_is_for_ever_is_not() -> None:
    account = standing()
    run(account, happens("act", NOON, 1), happens("once", NOON, 2, step=1), happens("quiz", NOON, 3, q="a"))
    run(account, happens("act", NOON + timedelta(days=31), 4))
    kept = account.state
    assert (len(kept.hours["act"]), len(kept.days["act"]), kept.months, len(kept.capped)) == (1, 1, {}, 1)
    assert kept.ever == {"once:1": 1}


def test_an_older_document_is_read_with_defaults() -> None:
    assert state.decode("{}") == state.State()
    assert state.decode('{"position": 3, "of_newer_code": 1}').position == 3


def test_a_copy_decides_alike() -> None:
    account = standing()
    run(account, happens("act", NOON, 1))
    twin = deepcopy(account)
    assert run(account, happens("act", NOON, 2)) == run(twin, happens("act", NOON, 2))
