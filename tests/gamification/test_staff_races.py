"""Real threads and real commits: two members of staff at one account, one flag, one request at the same time."""

from typing import Any

import pytest

from apps.gamification import selectors, services
from apps.gamification.models import Entry, Flag, Hold, StaffRequest
from apps.gamification.verify import verify
from apps.users.models import Staff
from diana.acts import StateChanged
from diana.audit import Actor
from diana.audit.models import AuditRecord
from tests.gamification.acts import NOON, STAFF, person
from tests.gamification.test_abuse import confirm, dismiss, spam, watch
from tests.gamification.test_concurrency import at_once, give

pytestmark = pytest.mark.usefixtures("committed_db")


def test_f65_of_four_who_decide_about_a_flag_one_wins_and_the_others_are_told() -> None:
    watch(rapid_fire={"action": "flag"})
    somebody = person()
    spam(somebody)
    flag, told = Flag.objects.get(), []

    def decide(how: Any, key: str) -> None:
        try:
            how(flag, key)
        except services.AlreadyResolved as error:
            told.append(error)

    ways = [dismiss, confirm, dismiss, confirm]
    at_once(*[lambda n=n, how=how: decide(how, f"k{n}") for n, how in enumerate(ways)])
    assert (len(told), AuditRecord.objects.filter(object_type="gamification.Flag").count()) == (3, 1)
    assert selectors.balance(somebody) in (50, 65)
    assert len(set(Hold.objects.values_list("status", flat=True))) == 1
    assert verify().ok


def test_f65_two_who_take_the_same_points_at_once_leave_two_records_or_one_is_refused() -> None:
    somebody = person()
    give(somebody, "k", 100)
    parameters = {"person_id": somebody, "amount": -80}
    shown = services.preview_act(act="award_points", parameters=parameters, reason="r", actor=STAFF, now=NOON).effect
    refused = []

    def take(key: str) -> None:
        how = {"reason": "r", "actor": STAFF, "key": key, "now": NOON, "shown": shown}
        try:
            services.act_or_ask(act="award_points", parameters=parameters, **how)
        except StateChanged as error:
            refused.append(error)

    at_once(lambda: take("a"), lambda: take("b"))
    assert (len(refused), selectors.balance(somebody)) == (1, 20)
    assert AuditRecord.objects.filter(act="take_points").count() == 1
    assert verify().ok


def test_four_acts_at_once_do_not_pass_the_limit_together(settings: Any) -> None:
    settings.STAFF_POINTS_IN_ALL = 100
    how = {"act": "award_points", "reason": "r", "actor": STAFF, "now": NOON}
    everybody = [person() for _ in range(4)]

    def give(somebody: int) -> object:
        return services.act_or_ask(parameters={"person_id": somebody, "amount": 60}, key=f"k{somebody}", **how)

    at_once(*[lambda somebody=somebody: give(somebody) for somebody in everybody])
    assert sorted(selectors.balance(somebody) for somebody in everybody) == [0, 0, 0, 60]
    assert StaffRequest.objects.count() == 3


def test_a_form_that_is_sent_four_times_at_once_is_one_act() -> None:
    somebody = person()
    parameters = {"person_id": somebody, "amount": 30}
    how = {"act": "award_points", "parameters": parameters, "reason": "r", "actor": STAFF, "now": NOON}
    shown = services.preview_act(**how).effect
    at_once(*[lambda: services.act_or_ask(**how, key="k", shown=shown)] * 4)
    assert (Entry.objects.count(), selectors.balance(somebody)) == (1, 30)


def test_a_request_that_two_approve_at_once_is_done_once() -> None:
    somebody = person()
    deciders = [Staff.objects.create_superuser(name) for name in ("ana", "olga")]
    how = {"reason": "r", "actor": Actor(999_999, "vera", "admin"), "key": "k", "now": NOON}
    services.act_or_ask(act="award_points", parameters={"person_id": somebody, "amount": 20_000}, **how)
    asked, told = StaffRequest.objects.get(), []

    def approve(staff: Staff) -> None:
        actor = Actor(staff.pk, staff.username, "admin")
        try:
            services.approve(request_id=asked.pk, reason="Yes", actor=actor, now=NOON)
        except services.AlreadyDecided as error:
            told.append(error)

    at_once(*[lambda staff=staff: approve(staff) for staff in deciders])
    assert (len(told), Entry.objects.count(), selectors.balance(somebody)) == (1, 1, 20_000)
