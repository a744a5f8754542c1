"""Which acts staff can prepare, look at and do; each is a few lines of `register_act`, and gets all the rest from here.

An act whose points lie above STAFF_APPROVAL_ABOVE, or with which its actor would exceed what one person may give or take
within 24 hours (services/limits.py), is not done but asked for (services/requests.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.gamification import loading
from apps.gamification.decide.facts import microseconds
from apps.gamification.decide.levels import level_of
from apps.gamification.models import Account, Entry, Flag, StaffRequest
from apps.gamification.services import limits, requests
from apps.gamification.services.abuse import UnknownFlag, confirm_flag, dismiss_flag
from apps.gamification.services.errors import PointsError, UnknownEntry
from apps.gamification.services.points import award, reverse_entry
from apps.users import selectors as users
from diana import audit, second_person
from diana.acts import Change, Preview, StateChanged

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

Parameters = Mapping[str, Any]


# Does the act, once for one key: (parameters, *, reason, actor, key, now).
Perform = Callable[..., object]


@dataclass(frozen=True, slots=True)
class StaffAct:
    """An act of staff on one account. `parameters` are what JSON can hold.

    `account` is whose points move, `points` how many are at stake, `gives` whether the account gets or loses them; `done`
    says whether it was done under this key.
    `permission` is asked for once more when somebody approves it. `besides` is what it changed besides the account's
    points, told by the parameters and what `perform` returned.
    """

    name: str
    title: "StrOrPromise"
    permission: str
    account: Callable[[Parameters], int]
    points: Callable[[Parameters], int]
    gives: Callable[[Parameters], bool]
    perform: Perform
    done: Callable[[Parameters, str], bool]
    besides: Callable[[Parameters, Any], Sequence[Change]] = lambda parameters, outcome: ()


ACTS: dict[str, StaffAct] = {}


def register_act(act: StaffAct) -> None:
    """Let staff do it with preview, confirmation and a second person above the limit."""
    if act.name in ACTS:
        raise ValueError(f"Two acts of staff are called {act.name}: give one another name.")
    ACTS[act.name] = act


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a second person is asked, and why: one act has too many points, or with those before it has."""

    is_large: bool
    usages: Sequence[second_person.Usage]

    @property
    def asks(self) -> bool:
        """Whether a second person is asked."""
        return self.is_large or any(usage.is_exceeded for usage in self.usages)


def preview_act(*, act: str, parameters: Parameters, reason: str, actor: audit.Actor, now: datetime) -> Preview:
    """Say what the act would change, by doing it and taking it back; how far the actor's limits are used up, and whether
    it needs a second person. Locks the account meanwhile. Raises PointsError.
    """
    known = ACTS[act]
    verdict = _judge(known, parameters, actor, now)
    more = _("More than %(limit)s points are at stake: another member of staff must approve it.")
    large = [more % {"limit": settings.STAFF_APPROVAL_ABOVE}] if verdict.is_large else []
    return second_person.told(_preview(known, parameters, reason, actor, now), verdict.usages, large)


def preview_request(*, request: StaffRequest, actor: audit.Actor, now: datetime) -> Preview:
    """Say what approving the request would change. Raises PointsError and what the act refuses."""
    if (other := second_person.ACTS.get(request.act)) is not None:
        return other.preview(request.parameters, now)
    return _preview(_known(request), request.parameters, request.reason, actor, now)


def act_or_ask(
    *,
    act: str,
    parameters: Parameters,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
    shown: str | None = None,
    emergency: bool = False,
) -> object:
    """Do the act, or ask for it if it needs a second person: then the StaffRequest is returned.

    `shown` is the effect of the preview that somebody agreed to: raises StateChanged, and does nothing, if it would be
    another one now. `emergency` does without the second person, which the audit record says. A second call with the key
    does nothing new. Locks the actor, then the account. Raises PointsError, UnknownPerson.
    """
    known = ACTS[act]
    if key.startswith(second_person.APPROVED):
        raise PointsError(_("A key may not begin with %(start)s.") % {"start": second_person.APPROVED})
    with transaction.atomic():
        second_person.lock_actor(actor)
        loading.lock_standings([known.account(parameters)])
        if known.done(parameters, key):
            return known.perform(parameters, reason=reason, actor=actor, key=key, now=now)
        if not emergency and (asked := requests.find(act=act, parameters=parameters, key=key)):
            # Also if there is room again: it would be done beside the request.
            return asked
        asks = _judge(known, parameters, actor, now).asks
        if asks and not emergency:
            # Whoever is asked to agree must not find that it was never possible.
            preview = preview_act(act=act, parameters=parameters, reason=reason, actor=actor, now=now)
            if shown is not None:
                _check_effect(shown, preview.effect)
            points = known.points(parameters)
            return requests.ask(
                act=act, parameters=parameters, points=points, reason=reason, actor=actor, key=key, now=now
            )
        outcome, _changes, effect = _perform(known, parameters, reason=reason, actor=actor, key=key, now=now)
        if shown is not None:
            _check_effect(shown, effect)
        if asks:
            _record_emergency(known, parameters, reason, actor)
    return outcome


def approve(
    *, request_id: int, reason: str, actor: audit.Actor, now: datetime, shown: str | None = None
) -> StaffRequest:
    """Do what was asked for, in the asker's name, once; `shown` is the effect that the approver agreed to.

    Locks the request and the account. Raises StateChanged, what requests.decide raises, and PointsError.
    """
    with transaction.atomic():
        request = requests.decide(
            request_id=request_id, status=StaffRequest.Status.APPROVED, reason=reason, actor=actor, now=now
        )
        asker = audit.Actor(request.asked_by_id, request.asked_by, request.asked_origin)  # type: ignore[arg-type]
        how = {"reason": request.reason, "actor": asker, "key": f"{second_person.APPROVED}{request.pk}", "now": now}
        if (other := second_person.ACTS.get(request.act)) is not None:
            requests.check_permission(actor, other.permission)
            other.perform(request.parameters, shown=shown, **how)
            return request
        known, parameters = _known(request), request.parameters
        requests.check_permission(actor, known.permission)
        loading.lock_standings([known.account(parameters)])
        _outcome, _changes, effect = _perform(known, parameters, **how)
        if shown is not None:
            _check_effect(shown, effect)
    return request


def _known(request: StaffRequest) -> StaffAct:
    known = ACTS.get(request.act)
    if known is None:
        raise PointsError(_("The act %(act)s is not known here any more: refuse it.") % {"act": request.act})
    return known


def _judge(known: StaffAct, parameters: Parameters, actor: audit.Actor, now: datetime) -> Verdict:
    """Say whether the actor needs a second person for it; under the actor's lock that is certain."""
    points, person = known.points(parameters), known.account(parameters)
    used = limits.usages(actor, person, points, now, gives=known.gives(parameters))
    return Verdict(points > settings.STAFF_APPROVAL_ABOVE, used)


def _preview(known: StaffAct, parameters: Parameters, reason: str, actor: audit.Actor, now: datetime) -> Preview:
    with transaction.atomic():
        _outcome, changes, effect = _perform(
            known, parameters, reason=reason, actor=actor, key=f"preview-{uuid4().hex}", now=now
        )
        transaction.set_rollback(True)
    return Preview(changes, effect)


def _perform(known: StaffAct, parameters: Parameters, **how: Any) -> tuple[object, tuple[Change, ...], str]:
    """Do the act; return what it returned, what it changed, and the effect of that as text.

    The effect holds by how much each figure changes: points earned meanwhile do not matter, what the act does to them does.
    """
    before = _figures(known.account(parameters), how["now"])
    outcome = known.perform(parameters, **how)
    after = _figures(known.account(parameters), how["now"])
    besides = tuple(known.besides(parameters, outcome))
    names = {"balance": _("balance"), "lifetime": _("lifetime points"), "level": _("level")}
    changes = tuple(Change(names[name], before[name], after[name]) for name in names)
    effect = [f"{name}{after[name] - before[name]:+d}" for name in names]
    effect += [f"{change.name}:{change.before}>{change.after}" for change in besides]
    return outcome, besides + changes, ",".join(effect)


def _figures(account_id: int, now: datetime) -> dict[str, int]:
    account = Account.objects.filter(pk=account_id).first()
    balance, lifetime = (account.balance, account.lifetime) if account else (0, 0)
    table = loading.rulebook().multipliers_at(microseconds(now)).level_table
    return {"balance": balance, "lifetime": lifetime, "level": level_of(lifetime, table)}


def _check_effect(shown: str, effect: str) -> None:
    if shown != effect:
        raise StateChanged(StateChanged.__doc__)


def _record_emergency(act: StaffAct, parameters: Parameters, reason: str, actor: audit.Actor) -> None:
    audit.record(
        actor=actor,
        act="emergency",
        target=("gamification.Account", act.account(parameters)),
        before=None,
        after={"act": act.name, "points": act.points(parameters)} | dict(parameters),
        reason=reason,
    )


def _entry(parameters: Parameters) -> Entry:
    entry = Entry.objects.filter(pk=parameters["entry_id"]).first()
    if entry is None:
        raise UnknownEntry(parameters["entry_id"])
    return entry


def _flag(parameters: Parameters) -> Flag:
    flag = Flag.objects.filter(pk=parameters["flag_id"]).first()
    if flag is None:
        raise UnknownFlag(parameters["flag_id"])
    return flag


def _at_stake(parameters: Parameters) -> int:
    """Return what confirming a flag takes: the penalty and what is reversed."""
    amounts = Entry.objects.filter(pk__in=parameters["reverse"]).values_list("amount", flat=True)
    return int(parameters["penalty"]) + sum(amounts)


def _reversed_points(entry: Entry) -> int:
    """Return how many points a reversal moves at most: a penalty may give back more than it found at its time."""
    return max(abs(entry.amount), -entry.base)


def _keyed(key: str) -> bool:
    return Entry.objects.filter(idempotency_key=key).exists()


register_act(
    StaffAct(
        name="award_points",
        title=gettext_lazy("Give or take points"),
        permission="gamification.award_points",
        account=lambda p: users.profile(p["person_id"]).person_id,
        points=lambda p: abs(int(p["amount"])),
        gives=lambda p: int(p["amount"]) > 0,
        perform=lambda p, **how: award(person_id=p["person_id"], amount=p["amount"], **how),
        done=lambda p, key: _keyed(f"staff:{key}"),
    )
)
register_act(
    StaffAct(
        name="reverse_entry",
        title=gettext_lazy("Reverse"),
        permission="gamification.reverse_entry",
        account=lambda p: _entry(p).account_id,
        points=lambda p: _reversed_points(_entry(p)),
        gives=lambda p: _entry(p).amount <= 0,
        perform=lambda p, **how: reverse_entry(entry_id=p["entry_id"], **how),
        done=lambda p, key: _keyed(f"reversal:{key}"),
    )
)
register_act(
    StaffAct(
        name="confirm_flag",
        title=gettext_lazy("Confirm the flag"),
        permission="gamification.resolve_flag",
        account=lambda p: _flag(p).account_id,
        points=_at_stake,
        gives=lambda p: False,
        perform=lambda p, **how: confirm_flag(flag_id=p["flag_id"], reverse=p["reverse"], penalty=p["penalty"], **how),
        done=lambda p, key: _flag(p).resolved_key == key,
    )
)
register_act(
    StaffAct(
        name="dismiss_flag",
        title=gettext_lazy("Dismiss the flag"),
        permission="gamification.resolve_flag",
        account=lambda p: _flag(p).account_id,
        # What the rules pay is nobody's gift.
        points=lambda p: 0,
        gives=lambda p: True,
        perform=lambda p, **how: dismiss_flag(flag_id=p["flag_id"], **how),
        done=lambda p, key: _flag(p).resolved_key == key,
    )
)
