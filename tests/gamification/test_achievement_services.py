"""What staff do with achievements: define, preview, activate, backfill, grant, revoke; each recorded, each once."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from apps.gamification import selectors, services
from apps.gamification.loading import lock_standings
from apps.gamification.models import Account, Achievement, AchievementVersion, Entry, Unlock
from apps.gamification.verify import verify
from apps.users.selectors import UnknownPerson
from diana.audit.models import AuditRecord
from diana.events.models import Cursor, Failure, StoredEvent
from diana.events.testing import drain
from tests.gamification.achieving import closed, story, trivia, vip, years
from tests.gamification.acts import AWARDS, NOON, STAFF, award, event, happen, message, people, person

pytestmark = pytest.mark.django_db

ACT: dict[str, Any] = {"reason": "A fair one", "actor": STAFF, "now": NOON}
LATER = NOON + timedelta(days=1)


def grant(person_id: int, achievement: str = "staff_pick", tier: str = "single", key: str = "k") -> Unlock:
    """Give an achievement as staff do."""
    return services.grant_achievement(person_id=person_id, achievement=achievement, tier=tier, key=key, **ACT)


def revoke(unlock: Unlock, key: str = "r") -> Unlock:
    """Take it back as staff do."""
    return services.revoke_achievement(unlock_id=unlock.pk, key=key, **ACT)


def state(person_id: int) -> Any:
    """Return what the account remembers."""
    return lock_standings([person_id])[0][person_id].state


def types() -> list[str]:
    """Return the types in the log, in order."""
    return list(StoredEvent.objects.order_by("id").values_list("type", flat=True))


def new_achievement(targets: tuple[int, ...] = (2, 5), active: bool = True, **config: Any) -> str:
    """Add an achievement about messages."""
    services.add_achievement(key="chatter", title="Chatter", description="Write.", category="social", **ACT)
    services.add_achievement_version(
        achievement="chatter",
        active_from=NOON,
        strategy="counter",
        config={"on": [{"type": "game.message_sent"}]} | config,
        tiers=[{"tier": t, "target": n} for t, n in zip(("bronze", "silver"), targets, strict=False)],
        **ACT,
    )
    if active:
        services.set_achievement_active(achievement="chatter", active=True, **ACT)
    return "chatter"


def backfill(*keys: str, **more: Any) -> services.Backfill:
    """Backfill as staff do."""
    return services.backfill_achievements(keys=keys, **ACT | more)


def test_a_grant_is_a_row_a_record_two_events_and_a_reward() -> None:
    somebody = person()
    given = grant(somebody)
    record = AuditRecord.objects.get()
    assert (given.granted_by, given.audit, given.tier, given.version) == ("admin:vera", record.pk, "single", 1)
    assert (record.act, record.after["tiers"], record.reason) == ("grant_achievement", ["single"], "A fair one")
    assert types() == ["game.achievement_unlocked", "admin.achievement_granted"]
    drain(AWARDS)
    assert selectors.balance(somebody) == 40
    assert state(somebody).unlocked == {"staff_pick": ["single"]}


def test_the_same_key_grants_once() -> None:
    somebody = person()
    assert grant(somebody).pk == grant(somebody).pk
    with pytest.raises(services.KeyTaken):
        grant(person())
    with pytest.raises(services.NotGrantable, match="already"):
        grant(somebody, key="another")
    assert Unlock.objects.count() == 1


@pytest.mark.parametrize(
    ("achievement", "tier", "error"),
    [
        ("nothing", "single", services.UnknownAchievement),
        ("voice", "single", services.UnknownAchievement),
        ("podium", "gold", services.NotGrantable),
    ],
)
def test_what_cannot_be_given_is_refused(achievement: str, tier: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        grant(person(), achievement, tier)
    with pytest.raises(UnknownPerson):
        grant(999_999_999)
    with pytest.raises(services.PointsError, match="key"):
        grant(person(), key="a b")
    Achievement.objects.filter(pk="voice").update(active=False)
    with pytest.raises(services.NotGrantable, match="not active"):
        grant(person(), "voice", "gold")
    assert not Unlock.objects.exists()


def test_a_granted_tier_does_not_unlock_again() -> None:
    somebody = person()
    grant(somebody, "voice", "bronze")
    award(*[message(somebody) for _ in range(100)])
    assert Unlock.objects.count() == 1
    assert Entry.objects.filter(rule="achievement_unlocked").count() == 1


def test_an_act_before_a_grant_that_is_handled_after_it_unlocks_nothing_twice() -> None:
    somebody = person()
    happen(*[message(somebody) for _ in range(100)])
    grant(somebody, "voice", "bronze")
    drain(AWARDS)
    assert Unlock.objects.count() == 1
    assert Entry.objects.filter(rule="achievement_unlocked").count() == 1


def test_a_revocation_takes_the_points_back_and_the_tier_stays_away() -> None:
    somebody = person()
    award(event("user.returned", somebody, days_away=9))
    unlock = Unlock.objects.get()
    revoked = revoke(unlock)
    assert revoke(unlock).pk == revoked.pk
    assert (revoked.revoked_by, revoked.revoked_at) == ("admin:vera", NOON)
    assert AuditRecord.objects.get(act="revoke_achievement").before == {
        "achievement": "welcome_back",
        "tiers": ["secret"],
    }
    account = Account.objects.get(pk=somebody)
    assert (account.balance, account.lifetime) == (0, 0)
    assert types()[-2:] == ["game.achievement_revoked", "admin.achievement_revoked"]
    with pytest.raises(services.NotGrantable, match="revoked before"):
        revoke(unlock, "another")
    award(event("user.returned", somebody, days_away=9))
    assert Unlock.objects.count() == 1
    assert [a.key for a in selectors.achievements(somebody) if a.tiers] == []
    assert verify().ok


def test_a_revoked_tier_can_be_given_again() -> None:
    somebody = person()
    award(event("user.returned", somebody, days_away=9))
    revoke(Unlock.objects.get())
    grant(somebody, "welcome_back", "secret")
    drain(AWARDS)
    assert state(somebody).unlocked == {"welcome_back": ["secret"]}
    assert (state(somebody).revoked, selectors.balance(somebody)) == ({}, 75)


def test_a_revocation_ends_the_bonus() -> None:
    somebody = person()
    award(event("game.streak_extended", somebody, days=365, since="2026-03-01"))
    assert state(somebody).bonuses == {"century_club": 500}
    revoke(Unlock.objects.get(achievement="century_club"))
    assert state(somebody).bonuses == {}


def test_of_a_repeatable_one_the_others_stand() -> None:
    somebody = person()
    for week in ("2026-W10", "2026-W11"):
        award(event("game.rank_closed", somebody, board="weekly", period=week, rank=1, score=9, ranked=20))
    first, second = Unlock.objects.order_by("pk")
    revoke(first, "a")
    drain(AWARDS)
    assert state(somebody).bonuses == {"podium": 1000}
    revoke(second, "b")
    drain(AWARDS)
    assert state(somebody).bonuses == {}


def test_a_reward_on_its_way_is_waited_for() -> None:
    unlock = grant(person())
    with pytest.raises(services.NotGrantable, match="on its way"):
        revoke(unlock)
    drain(AWARDS)
    revoke(unlock)
    assert Entry.objects.get(kind="reversal").amount == -40


def test_no_such_unlock() -> None:
    with pytest.raises(services.UnknownAchievement):
        services.revoke_achievement(unlock_id=0, key="k", **ACT)


def test_a_preview_counts_who_would_have_it_and_writes_nothing() -> None:
    much, little, nobody = people(3)
    award(
        *[message(much) for _ in range(6)],
        *[message(little) for _ in range(2)],
        event("vip.expired", nobody, until=None),
    )
    version = AchievementVersion(
        achievement=Achievement(pk="chatter"),
        version=1,
        active_from=LATER,
        strategy="counter",
        config={"on": [{"type": "game.message_sent"}]},
        tiers=[{"tier": "bronze", "target": 2}, {"tier": "silver", "target": 5}],
    )
    seen: list[tuple[int, int]] = []
    preview = services.preview_achievement(version, now=NOON, progress=lambda *done: seen.append(done))
    assert (preview.people, preview.everyone, preview.complete) == (3, 3, True)
    assert (dict(preview.tiers), dict(preview.new)) == ({"bronze": 2, "silver": 1}, {"bronze": 2, "silver": 1})
    assert sorted(preview.samples) == sorted([(much, "silver"), (little, "bronze")])
    assert seen[-1] == (3, 3)
    partly = services.preview_achievement(version, now=NOON, most=1)
    assert (partly.people, partly.complete) == (1, False)
    version.tiers = []
    with pytest.raises(services.InvalidAchievement):
        services.preview_achievement(version, now=NOON)
    assert not Unlock.objects.exists()


def test_a_preview_could_not_write(monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.gamification import backfilling

    def write(*args: object, **kwargs: object) -> Any:
        Achievement.objects.filter(pk="voice").update(active=False)

    monkeypatch.setattr(backfilling, "survey", write)
    with pytest.raises(DatabaseError, match="read-only"):
        services.preview_achievement(AchievementVersion.objects.get(achievement="voice"), now=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",), "and afterwards everybody else can"


def test_a_backfill_gives_what_lies_back_quietly_and_once() -> None:
    much, little = people(2)
    award(*[message(much) for _ in range(6)], *[message(little) for _ in range(2)], at=NOON - timedelta(days=3))
    key = new_achievement()
    dry = backfill(key, dry_run=True)
    assert not Unlock.objects.exists()
    done = backfill(key)
    assert done.unlocked == dry.unlocked == {("chatter", "bronze"): 2, ("chatter", "silver"): 1}
    assert (done.people, done.marks, done.most_for_one) == (2, 2, 2)
    unlock = Unlock.objects.filter(account_id=much).order_by("pk").first()
    assert unlock is not None
    record = AuditRecord.objects.get(act="backfill_achievements")
    assert (unlock.quiet, unlock.audit) == (True, record.pk)
    assert unlock.unlocked_at == NOON - timedelta(days=3) + timedelta(microseconds=1), "when it was deserved"
    told = StoredEvent.objects.filter(type="game.achievement_unlocked")
    assert all(json.loads(row.payload or "")["quiet"] and row.occurred_at == NOON for row in told)
    before = StoredEvent.objects.count()
    again = backfill(key)
    assert (again.unlocked.total(), again.marks, StoredEvent.objects.count()) == (0, 0, before)
    assert AuditRecord.objects.filter(act="backfill_achievements").count() == 1
    drain(AWARDS)
    assert Entry.objects.filter(rule="achievement_unlocked", account_id=much).count() == 2, "rewards are those of all"
    award(*[message(little) for _ in range(3)])
    assert list(Unlock.objects.filter(account_id=little).order_by("pk").values_list("tier", "quiet")) == [
        ("bronze", True),
        ("silver", False),
    ], "what lay back counts on"
    assert backfill(key).marks == 0, "live and from scratch are the same"


def test_a_backfill_leaves_what_is_not_handled_yet_to_the_subscriber() -> None:
    somebody = person()
    award(message(somebody))
    key = new_achievement((2,))
    happen(message(somebody))
    assert backfill(key).unlocked.total() == 0
    drain(AWARDS)
    assert Unlock.objects.get().quiet is False


def test_a_backfill_passes_over_what_failed() -> None:
    somebody = person()
    award(message(somebody))
    happen(message(somebody))
    last = StoredEvent.objects.latest("id")
    Failure.objects.create(
        subscriber=AWARDS, lane=last.lane, position=last.pk, key=str(somebody), type=last.type, status="dead"
    )
    Cursor.objects.filter(subscriber=AWARDS, lane=last.lane).update(position=last.pk)
    assert backfill("voice").marks == 0
    assert state(somebody).marks["voice"].value == 1


def test_a_backfill_of_everything_finds_nothing_that_was_missed_live() -> None:
    crowd = people(2)
    for somebody in crowd:
        story(somebody, 4)
        trivia(somebody, n=30)
        closed(somebody, 2, "2026-W10")
        vip(somebody)
        years(somebody)
        services.award(person_id=somebody, amount=5000, key=f"a{somebody}", **ACT)
    drain(AWARDS)
    before = {somebody: state(somebody) for somebody in crowd}
    done = backfill(now=NOON + timedelta(days=2000))
    assert (done.unlocked.total(), done.marks) == (0, 0)
    assert {somebody: state(somebody) for somebody in crowd} == before


def test_a_backfill_heals_marks_and_composites() -> None:
    Achievement.objects.filter(pk__in=["explorer", "page_turner"]).update(active=False)
    somebody = person()
    story(somebody, 4)
    assert not Unlock.objects.filter(achievement__in=["explorer", "page_turner"]).exists()
    Achievement.objects.filter(pk__in=["explorer", "page_turner"]).update(active=True)
    assert backfill().unlocked == {
        ("page_turner", "bronze"): 1,
        ("page_turner", "silver"): 1,
        ("explorer", "single"): 1,
    }
    assert state(somebody).bonuses == {"explorer": 500}
    drain(AWARDS)
    assert backfill().unlocked.total() == 0
    assert verify().ok


def test_a_revoked_tier_is_not_backfilled() -> None:
    somebody = person()
    award(event("user.returned", somebody, days_away=9))
    revoke(Unlock.objects.get())
    drain(AWARDS)
    assert backfill("welcome_back").unlocked.total() == 0


def test_a_revoked_part_does_not_make_a_whole() -> None:
    Achievement.objects.filter(pk="explorer").update(active=False)
    somebody = person()
    story(somebody, 2)
    drain(AWARDS)
    revoke(Unlock.objects.get(achievement="page_turner", tier="bronze"), "a")
    drain(AWARDS)
    Achievement.objects.filter(pk="explorer").update(active=True)
    services.add_achievement_version(
        achievement="explorer",
        active_from=NOON,
        strategy="composite",
        config={"parts": [{"achievement": "page_turner"}, {"achievement": "many_paths"}]},
        tiers=[{"tier": "single", "target": 2}],
        **ACT,
    )
    assert backfill().unlocked.total() == 0


def test_a_backfill_of_something_unknown_is_refused() -> None:
    with pytest.raises(services.UnknownAchievement, match="nothing"):
        backfill("nothing")


def run(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("backfill_achievements", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_what_it_gave() -> None:
    somebody = person()
    award(*[message(somebody) for _ in range(6)])
    key = new_achievement()
    with pytest.raises(CommandError, match="--reason"):
        run(key)
    with pytest.raises(CommandError, match="nothing"):
        run("nothing", "--dry-run")
    assert "2 unlocks would be given; 1 people looked at." in run(key, "--dry-run")
    assert json.loads(run(key, "--reason", "New", "--json")) == {
        "dry_run": False,
        "people": 1,
        "unlocked": [
            {"achievement": "chatter", "tier": "bronze", "people": 1},
            {"achievement": "chatter", "tier": "silver", "people": 1},
        ],
        "marks": 1,
        "most_for_one": 2,
    }
    assert "0 unlocks given" in run(key, "--reason", "New")


def test_a_version_counts_from_its_date_on() -> None:
    somebody = person()
    services.add_achievement_version(
        achievement="connector",
        active_from=LATER,
        strategy="counter",
        config={"on": [{"type": "user.referral_qualified"}]},
        tiers=[{"tier": "bronze", "target": 2}],
        **ACT,
    )
    award(event("user.referral_qualified", somebody, invitee=1), at=NOON)
    assert Unlock.objects.get().version == 1
    other = person()
    award(event("user.referral_qualified", other, invitee=1), at=LATER)
    assert not Unlock.objects.filter(account_id=other, achievement="connector").exists()
    award(event("user.referral_qualified", other, invitee=2), at=LATER)
    assert Unlock.objects.get(account_id=other, achievement="connector").version == 2
    assert AuditRecord.objects.get().act == "add_achievement_version"


@pytest.mark.parametrize(
    "change",
    [
        {"active_from": NOON - timedelta(seconds=1)},
        {"strategy": "distinct", "config": {"on": [{"type": "game.message_sent"}], "by": ["chat"]}},
        {"config": {"on": [{"type": "game.nothing_of_the_kind"}]}},
        {"config": {"on": [{"type": "game.message_sent", "conditions": [{"field": "no_such_field"}]}]}},
        {"tiers": []},
        {"bonuses": {"gold": 5}},
    ],
)
def test_a_version_that_could_not_work_is_refused(change: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "achievement": "voice",
        "active_from": NOON,
        "strategy": "counter",
        "config": {"on": [{"type": "game.message_sent"}]},
        "tiers": [{"tier": "bronze", "target": 2}],
    }
    with pytest.raises(services.InvalidAchievement):
        services.add_achievement_version(**values | change, **ACT)
    assert AchievementVersion.objects.filter(achievement="voice").count() == 1


def test_composites_hold_what_they_need() -> None:
    with pytest.raises(services.InvalidAchievement, match="explorer"):
        services.set_achievement_active(achievement="page_turner", active=False, **ACT)
    parts = {"parts": [{"achievement": "explorer"}]}
    services.add_achievement(key="loop", title="Loop", description="d", category="mastery", **ACT)
    version = {"active_from": NOON, "strategy": "composite", "tiers": [{"tier": "single", "target": 1}], **ACT}
    services.add_achievement_version(achievement="loop", config=parts, **version)
    services.set_achievement_active(achievement="loop", active=True, **ACT)
    config = {"parts": [{"achievement": "loop"}]}
    with pytest.raises(services.InvalidAchievement, match="itself"):
        services.add_achievement_version(achievement="explorer", config=config, **version)


def test_activation_needs_a_version_and_is_recorded() -> None:
    services.add_achievement(key="bare", title="Bare", description="d", category="social", **ACT)
    with pytest.raises(services.InvalidAchievement, match="no version"):
        services.set_achievement_active(achievement="bare", active=True, **ACT)
    assert services.set_achievement_active(achievement="voice", active=False, **ACT)
    assert not services.set_achievement_active(achievement="voice", active=False, **ACT)
    assert [r.act for r in AuditRecord.objects.order_by("pk")] == ["add_achievement", "retire_achievement"]
    with pytest.raises(services.UnknownAchievement):
        services.set_achievement_active(achievement="nothing", active=False, **ACT)
    for key in ("voice", "Bad Key"):
        with pytest.raises(services.InvalidAchievement):
            services.add_achievement(key=key, title="t", description="d", category="social", **ACT)
