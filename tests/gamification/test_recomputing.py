"""Taking an award back frees what it used, and its day is decided anew: paid is what had been taken away, once."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.gamification import loading, recomputing, selectors, services
from apps.gamification.decide.facts import day_number
from apps.gamification.decide.history import counted
from apps.gamification.models import Account, Entry, Progress
from apps.gamification.verify import verify
from diana.audit.models import AuditRecord
from diana.events import Event
from diana.events.models import StoredEvent
from tests.gamification.achieving import switch_achievements_off
from tests.gamification.acts import NOON, STAFF, award, daily, event, message, person

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=5)
# What comes of these tests' acts without a share in the daily cap.
UNCAPPED = ("streak_bonus", "achievement_unlocked")


def trivia(person_id: int, question: str) -> Event:
    """Build a right answer."""
    return event(
        "game.trivia_completed",
        person_id,
        question=question,
        correct=True,
        milliseconds=5000,
        shortest_milliseconds=1000,
    )


def challenge(person_id: int, number: int) -> Event:
    """Build a challenge done: 200 base points."""
    return event("game.challenge_completed", person_id, challenge=f"c{number}", score=1)


def take_back(entry: Entry, *, recompute: bool = True) -> Entry:
    """Reverse as staff do."""
    key = f"r{entry.pk}"
    return services.reverse_entry(
        entry_id=entry.pk, reason="Not so", actor=STAFF, key=key, now=LATER, recompute=recompute
    )


def again(person_id: int, day: date) -> list[Entry]:
    """Decide a day anew as staff do."""
    return services.recompute_day(person_id=person_id, day=day, reason="r", actor=STAFF, now=NOON + timedelta(days=2))


def paid(person_id: int) -> list[tuple[str, int, int, str]]:
    """Return the awards that were not reversed: rule, amount, base, note."""
    taken = set(Entry.objects.filter(reverses__isnull=False).values_list("reverses", flat=True))
    awards = Entry.objects.filter(account_id=person_id, kind="award").exclude(pk__in=taken).order_by("sequence")
    return [(e.rule, e.amount, e.base, e.note) for e in awards]


def capped(person_id: int) -> int:
    """Return the base points that the ledger holds of rules that share the cap."""
    return sum(counted(base, note) for rule, _, base, note in paid(person_id) if rule not in UNCAPPED)


def test_the_cap_that_a_reversal_frees_pays_what_it_had_taken_that_day() -> None:
    switch_achievements_off()
    somebody = person()
    award(*[challenge(somebody, n) for n in range(6)])
    assert [amount for _, amount, _, _ in paid(somebody)] == [200] * 4
    first = Entry.objects.filter(kind="award").earliest("sequence")
    take_back(first)
    # the fifth is paid; of the sixth the ledger has only the count
    assert [(amount, note) for _, amount, _, note in paid(somebody)][3:] == [(200, "recomputed")]
    assert (selectors.balance(somebody), capped(somebody)) == (800, 800)
    newest = Entry.objects.latest("sequence")
    assert newest.idempotency_key.endswith(":challenge_completed:after0")
    assert newest.occurred_at < LATER
    assert newest.event_id != first.event_id
    assert AuditRecord.objects.get().after["recomputed"] == [newest.pk]
    assert StoredEvent.objects.filter(type="game.points_awarded").count() == 5
    assert verify().ok


def test_of_what_was_paid_in_part_the_rest_is_paid() -> None:
    somebody = person()
    award(daily(somebody), *[challenge(somebody, n) for n in range(4)])
    assert paid(somebody)[-1] == ("challenge_completed", 150, 200, "cap=50")
    take_back(Entry.objects.get(rule="daily_login"))
    assert paid(somebody)[-1] == ("challenge_completed", 50, 50, "recomputed")
    assert capped(somebody) == 800
    assert verify().ok


def test_a_limit_that_a_reversal_frees_pays_the_next_act_and_only_that() -> None:
    somebody = person()
    award(daily(somebody), daily(somebody), daily(somebody))
    take_back(Entry.objects.get(kind="award"))
    assert [note for _, _, _, note in paid(somebody)] == ["recomputed"]
    assert selectors.balance(somebody) == 50
    award(daily(somebody))
    assert selectors.balance(somebody) == 50, "the limit is used up again"


def test_what_was_reversed_is_free_for_acts_to_come() -> None:
    somebody = person()
    award(trivia(somebody, "q1"))
    take_back(Entry.objects.get(kind="award"))
    award(trivia(somebody, "q1"), at=NOON + timedelta(days=3))
    assert selectors.balance(somebody) == 100


def test_what_was_reversed_is_never_paid_again() -> None:
    somebody = person()
    award(daily(somebody), daily(somebody))
    for _ in range(2):
        take_back(Entry.objects.filter(kind="award").latest("sequence"))
    assert services.recompute_day(person_id=somebody, day=date(2026, 3, 11), reason="r", actor=STAFF, now=LATER) == []
    assert selectors.balance(somebody) == 0


def test_a_rest_that_was_reversed_is_never_paid_again() -> None:
    somebody = person()
    award(daily(somebody), *[challenge(somebody, n) for n in range(4)])
    take_back(Entry.objects.get(rule="daily_login"))
    take_back(Entry.objects.latest("id"))
    assert again(somebody, date(2026, 3, 11)) == []
    assert capped(somebody) == 750


def test_what_a_freed_limit_would_pay_does_not_come_on_top_of_a_full_day() -> None:
    somebody, next_day = person(), NOON + timedelta(days=1)
    award(trivia(somebody, "q"))
    award(trivia(somebody, "q"), *[challenge(somebody, n) for n in range(4)], at=next_day)
    take_back(Entry.objects.get(rule="trivia_completed", kind="award"))
    assert again(somebody, date(2026, 3, 12)) == []
    assert selectors.balance(somebody) == 800


def test_a_freed_limit_is_used_once_also_across_days() -> None:
    somebody = person()
    award(trivia(somebody, "q"))
    first = Entry.objects.get()
    award(trivia(somebody, "q"), at=NOON + timedelta(days=1))
    take_back(first)
    award(trivia(somebody, "q"), at=NOON + timedelta(days=2))
    assert selectors.balance(somebody) == 100
    services.recompute_day(
        person_id=somebody, day=date(2026, 3, 12), reason="r", actor=STAFF, now=NOON + timedelta(days=2)
    )
    assert selectors.balance(somebody) == 100, "the question was paid for on the third day"


def test_without_recomputing_everything_stays_used() -> None:
    somebody = person()
    award(daily(somebody), daily(somebody))
    take_back(Entry.objects.get(kind="award"), recompute=False)
    award(daily(somebody))
    assert selectors.balance(somebody) == 0


def test_bonuses_of_then_apply() -> None:
    somebody = person()
    until = (NOON + timedelta(hours=1)).isoformat()
    award(event("vip.granted", somebody, grant=1, source="gift", until=until), daily(somebody), daily(somebody))
    take_back(Entry.objects.filter(kind="award").earliest("sequence"))
    newest = Entry.objects.latest("sequence")
    assert (newest.amount, newest.multipliers) == (75, "vip=5000")


def test_rules_that_were_switched_on_later_pay_nothing_for_before() -> None:
    somebody = person()
    services.set_rule_active(rule="login", active=False, reason="r", actor=STAFF, now=NOON)
    award(event("game.login", somebody), daily(somebody), daily(somebody))
    services.set_rule_active(rule="login", active=True, reason="r", actor=STAFF, now=NOON)
    take_back(Entry.objects.get(kind="award"))
    assert [rule for rule, _, _, _ in paid(somebody)] == ["daily_login"]


def test_a_rule_that_was_stopped_since_still_fills_its_day() -> None:
    switch_achievements_off()
    somebody = person()
    award(*[trivia(somebody, f"q{n}") for n in range(6)], challenge(somebody, 0), challenge(somebody, 1))
    assert capped(somebody) == 800
    services.set_rule_active(rule="trivia_completed", active=False, reason="r", actor=STAFF, now=NOON)
    take_back(Entry.objects.filter(rule="trivia_completed", kind="award").earliest("sequence"))
    again(somebody, date(2026, 3, 11))
    assert capped(somebody) == 800


def test_points_by_staff_count_for_the_level_when_a_day_is_decided_anew() -> None:
    switch_achievements_off()
    somebody = person()
    services.award(person_id=somebody, amount=200_000, reason="r", actor=STAFF, key="k", now=NOON)
    award(*[challenge(somebody, n) for n in range(5)])
    assert [(amount, base) for _, amount, base, _ in paid(somebody)] == [(220, 200)] * 4
    take_back(Entry.objects.filter(kind="award").earliest("sequence"))
    assert paid(somebody)[-1] == ("challenge_completed", 220, 200, "recomputed")


def test_it_takes_a_fixed_number_of_queries() -> None:
    numbers = []
    for size in (3, 30):
        somebody = person()
        award(*[message(somebody) for _ in range(size)], daily(somebody), daily(somebody))
        entry = Entry.objects.get(account_id=somebody, rule="daily_login", kind="award")
        with CaptureQueriesContext(connection) as queries:
            take_back(entry)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


acts = st.lists(
    st.tuples(st.sampled_from(["daily", "challenge", "trivia", "message", "reverse", "recompute"]), st.integers(0, 3)),
    min_size=5,
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(acts)
def test_whatever_is_reversed_caps_and_limits_hold_and_nothing_is_paid_twice(history: list[tuple[str, int]]) -> None:
    somebody, at = person(), NOON
    for what, number in history:
        at += timedelta(minutes=40)
        before = Account.objects.filter(pk=somebody).values_list("lifetime", flat=True).first() or 0
        if what == "reverse":
            taken = set(Entry.objects.filter(reverses__isnull=False).values_list("reverses", flat=True))
            entries = list(Entry.objects.filter(account_id=somebody, kind="award", amount__gt=0).exclude(pk__in=taken))
            if entries:
                take_back(entries[number % len(entries)])
        elif what == "recompute":
            day = date(2026, 3, 11 + number % 2)
            services.recompute_day(person_id=somebody, day=day, reason="r", actor=STAFF, now=at)
            after = Account.objects.filter(pk=somebody).values_list("lifetime", flat=True).first() or 0
            assert after >= before, "nothing is taken"
        else:
            made = {
                "daily": daily(somebody),
                "challenge": challenge(somebody, number),
                "trivia": trivia(somebody, f"q{number}"),
                "message": message(somebody),
            }
            award(made[what], at=at)
    _check(somebody)


def _check(somebody: int) -> None:
    """Check limits, the cap and the state against the ledger."""
    assert verify(person_ids=[somebody]).ok
    taken = set(Entry.objects.filter(reverses__isnull=False).values_list("reverses", flat=True))
    live = [e for e in Entry.objects.filter(account_id=somebody, kind="award") if e.pk not in taken]
    days: dict[date, int] = {}
    for entry in (e for e in live if e.rule not in UNCAPPED):
        days[entry.occurred_at.date()] = days.get(entry.occurred_at.date(), 0) + counted(entry.base, entry.note)
    assert all(points <= 800 for points in days.values())
    payloads = dict(StoredEvent.objects.filter(user_id=somebody).values_list("event_id", "payload"))
    for rule, field in (("challenge_completed", "challenge"), ("trivia_completed", "question")):
        keys = {(e.event_id, json.loads(payloads[e.event_id])[field]) for e in live if e.rule == rule}
        assert len({key for _, key in keys}) == len(keys)
    dailies = {(e.event_id, e.occurred_at.date()) for e in live if e.rule == "daily_login"}
    assert len({day for _, day in dailies}) == len(dailies)
    state = loading.decode(Progress.objects.get(pk=somebody).document) if days else None
    for day, points in days.items():
        assert state is not None
        assert state.capped.get(day_number(day), 0) == points


def test_the_command_pays_what_is_due_and_a_dry_run_nothing() -> None:
    somebody = person()
    award(daily(somebody), daily(somebody))
    take_back(Entry.objects.get(kind="award"), recompute=False)
    arguments = ["recompute_day", str(somebody), "2026-03-11", "--reason", "r", "--json"]
    printed = []
    for more in (["--dry-run"], [], []):
        out = StringIO()
        call_command(*arguments, *more, stdout=out)
        printed.append([line["amount"] for line in json.loads(out.getvalue())["paid"]])
    assert printed == [[50], [50], []]
    assert selectors.balance(somebody) == 50
    assert AuditRecord.objects.filter(act="recompute_day").count() == 1
    out = StringIO()
    call_command("recompute_day", str(somebody), "2026-03-11", stdout=out)
    assert "0 points paid in 0 entries" in out.getvalue()


def test_a_day_to_come_and_an_unknown_person_are_refused() -> None:
    with pytest.raises(CommandError, match="future"):
        call_command("recompute_day", str(person()), "2999-01-01")
    with pytest.raises(CommandError, match="no person"):
        call_command("recompute_day", "999999999", "2026-03-11")


def test_facts_of_the_log_are_found_by_the_person() -> None:
    somebody = person()
    award(daily(somebody), message(somebody))
    award(message(person()))
    standings, _ = loading.lock_standings([somebody])
    assert [fact.type for fact in recomputing.facts_of(standings[somebody])] == [
        "game.daily_login",
        "game.message_sent",
    ]
