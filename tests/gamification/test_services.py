"""Acts of staff: points given, taken, taken back; each once, each recorded."""

from datetime import timedelta

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Account, BoardRow, Entry, Reason
from apps.gamification.verify import verify
from apps.users import services as people
from apps.users.selectors import UnknownPerson
from diana import audit
from diana.audit.models import AuditRecord
from diana.events.models import StoredEvent
from tests.gamification.acts import NOON, STAFF, award, daily, person

pytestmark = pytest.mark.django_db


def give(person_id: int, amount: int, key: str = "k") -> Entry:
    """Award as staff do."""
    return services.award(person_id=person_id, amount=amount, reason="A fair one", actor=STAFF, key=key, now=NOON)


def take_back(entry: Entry, key: str = "r") -> Entry:
    """Reverse as staff do."""
    return services.reverse_entry(entry_id=entry.pk, reason="Not so", actor=STAFF, key=key, now=NOON)


def test_an_award_is_an_entry_a_record_and_two_events() -> None:
    somebody = person()
    entry = give(somebody, 150)
    assert (entry.kind, entry.amount, entry.actor, entry.balance_after) == ("staff_award", 150, "admin:vera", 150)
    assert entry.reason.text == "A fair one"
    record = AuditRecord.objects.get()
    assert (record.act, record.actor, record.before["balance"], record.after["balance"]) == (
        "award_points",
        "vera",
        0,
        150,
    )
    assert list(StoredEvent.objects.order_by("id").values_list("type", flat=True)) == [
        "game.points_awarded",
        "admin.points_force_awarded",
        "game.level_up",
    ]


def test_the_same_key_awards_once() -> None:
    somebody = person()
    assert give(somebody, 10).pk == give(somebody, 10).pk
    assert selectors.balance(somebody) == 10
    with pytest.raises(services.KeyTaken):
        give(somebody, 11)
    with pytest.raises(services.KeyTaken):
        give(person(), 10)


def test_a_penalty_takes_what_is_there_and_says_so() -> None:
    somebody = person()
    give(somebody, 30, "a")
    penalty = give(somebody, -100, "b")
    assert (penalty.kind, penalty.amount, penalty.base, penalty.note) == ("penalty", -30, -100, "short=70")
    account = Account.objects.get(pk=somebody)
    assert (account.balance, account.lifetime) == (0, 30), "a penalty leaves lifetime points alone"
    assert StoredEvent.objects.filter(type="admin.points_penalized").count() == 1


def test_reversing_an_award_takes_lifetime_and_what_is_there() -> None:
    somebody = person()
    award(daily(somebody))
    earned = Entry.objects.get()
    give(somebody, -20, "p")
    reversal = take_back(earned)
    assert (reversal.amount, reversal.base, reversal.note, reversal.reverses) == (-30, 50, "short=20", earned.pk)
    assert reversal.rule == "daily_login"
    account = Account.objects.get(pk=somebody)
    assert (account.balance, account.lifetime) == (0, 0)
    assert set(BoardRow.objects.values_list("score", flat=True)) == {0}
    assert verify().ok


def test_reversing_a_penalty_gives_it_back() -> None:
    somebody = person()
    give(somebody, 30, "a")
    take_back(give(somebody, -10, "b"))
    account = Account.objects.get(pk=somebody)
    assert (account.balance, account.lifetime) == (30, 30)
    assert set(BoardRow.objects.values_list("score", flat=True)) == {30}
    assert verify().ok


def test_an_entry_is_reversed_once() -> None:
    entry = give(person(), 30)
    assert take_back(entry).pk == take_back(entry).pk
    with pytest.raises(services.AlreadyReversed):
        take_back(entry, "another")


def test_what_changed_nothing_and_reversals_are_not_reversed() -> None:
    somebody = person()
    award(daily(somebody))
    award(daily(somebody), at=NOON + timedelta(minutes=1))
    with pytest.raises(services.NotReversible):
        take_back(Entry.objects.get(kind="suppressed"))
    with pytest.raises(services.NotReversible):
        take_back(take_back(give(somebody, 30)), "again")
    with pytest.raises(services.UnknownEntry):
        services.reverse_entry(entry_id=0, reason="?", actor=STAFF, key="x", now=NOON)


def test_a_reversal_tells_of_a_lost_level() -> None:
    take_back(give(person(), 150))
    assert StoredEvent.objects.filter(type="game.level_down").count() == 1


@pytest.mark.parametrize("amount", [0, 10**9 + 1, -(10**9) - 1])
def test_amounts_have_bounds(amount: int) -> None:
    with pytest.raises(services.PointsError):
        give(person(), amount)


def test_nonsense_is_refused_and_leaves_nothing() -> None:
    somebody = person()
    with pytest.raises(services.PointsError):
        give(somebody, 5, "no | bars")
    with pytest.raises(UnknownPerson):
        give(999_999_999, 5)
    with pytest.raises(audit.ReasonMissing):
        services.award(person_id=somebody, amount=5, reason=" ", actor=STAFF, key="k", now=NOON)
    assert (Entry.objects.count(), AuditRecord.objects.count(), StoredEvent.objects.count()) == (0, 0, 0)


def test_a_reason_goes_with_its_person_and_the_proof_still_holds() -> None:
    somebody = person()
    give(somebody, 30)
    people.erase_person(person_id=somebody, reason="r", actor=STAFF, now=NOON)
    assert not Reason.objects.exists()
    assert verify().ok


def test_an_actor_cannot_break_the_chain() -> None:
    actor = audit.Actor(None, "a|b\nc" + "x" * 300, "shell")
    entry = services.award(person_id=person(), amount=1, reason="r", actor=actor, key="k", now=NOON)
    assert entry.actor.startswith("shell:a_b_cx")
    assert verify().ok
