"""Limits on what one member of staff gives within 24 hours, and acts of any app that wait for a second person above them.

It knows no act and keeps no request: apps register the acts that only they can do, and one app keeps what waits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from django.db import connection, transaction
from django.utils.translation import gettext as _

from diana.acts import Preview, StateChanged
from diana.audit import Actor
from diana.lock_classes import LockClass

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

SPAN = timedelta(hours=24)
# Keys of acts that a second person approved begin so: they count against nobody. No other act may have such a key.
APPROVED = "request-"
# Ends the effect of a preview that said that a second person is asked.
ASKED = "+asked"

Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Usage:
    """How far a limit is used up; `stake` comes on top. `about` says in words what is counted."""

    about: str
    given: int
    stake: int
    limit: int

    @property
    def is_exceeded(self) -> bool:
        """Whether it would be more than the limit."""
        return self.given + self.stake > self.limit

    def __str__(self) -> str:
        numbers = {"given": self.given, "limit": self.limit, "left": self.left}
        return _("%(about)s: %(given)s of %(limit)s; left: %(left)s.") % {"about": self.about, **numbers}

    @property
    def left(self) -> int:
        """How much is left before this act."""
        return max(0, self.limit - self.given)


@dataclass(frozen=True, slots=True)
class LimitedAct:
    """An act that is asked for above its limits. `parameters` are what JSON can hold.

    `stake` is how much is given, in `unit`; `usages` are the limits that apply, counted after lock_actor(). `perform` gets
    (parameters, *, reason, actor, key, now, shown) and does the act once for one key; `done` says whether it was. Of both
    and of `preview`, `refusals` are the errors to be shown. `permission` is asked for once more when it is approved.
    """

    name: str
    title: "StrOrPromise"
    permission: str
    unit: "StrOrPromise"
    stake: Callable[[Parameters], int]
    usages: Callable[[Parameters, Actor, datetime], Sequence[Usage]]
    preview: Callable[[Parameters, datetime], Preview]
    perform: Callable[..., object]
    done: Callable[[Parameters, str], bool]
    refusals: tuple[type[Exception], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The act was not done: the request of this number waits for a second person."""

    number: int

    def __str__(self) -> str:
        return _("Asked for: request %(id)s waits for another member of staff.") % {"id": self.number}


class KeyUsed(ValueError):
    """The key was used for another act: choose a new one."""


class Keeper(Protocol):
    """Keeps requests."""

    def keep(self, **asked: Any) -> int:
        """Write a request down and return its number: act, parameters, points, reason, actor, key, now. Raises KeyUsed."""

    def find(self, act: str, parameters: Parameters, key: str) -> int | None:
        """Return the number of the request under the key. Raises KeyUsed if it is for something else."""


ACTS: dict[str, LimitedAct] = {}
_keepers: list[Keeper] = []


def register(*acts: LimitedAct) -> None:
    """Let staff ask for these acts. Raises ValueError for a second act of a name."""
    for act in acts:
        if act.name in ACTS:
            raise ValueError(f"Two acts of staff are called {act.name}: give one another name.")
        ACTS[act.name] = act


def keep_requests(keeper: Keeper) -> None:
    """Have requests kept here from now on."""
    _keepers[:] = [keeper]


def lock_actor(actor: Actor) -> None:
    """Let acts of one actor wait for each other until the transaction ends; the first lock of every limited act.

    By the name, which is what grants and entries keep: commands have no row of staff that could be locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LockClass.STAFF, actor.name])


def told(preview: Preview, usages: Sequence[Usage], more: Sequence[str] = ()) -> Preview:
    """Return the preview with how far the limits are used up; `more` are other reasons for a second person."""
    notes = [str(usage) for usage in usages]
    if any(usage.is_exceeded for usage in usages):
        more = [*more, _("This is more than is left: another member of staff must approve it.")]
    return replace(preview, notes=(*preview.notes, *notes, *more), effect=preview.effect + (ASKED if more else ""))


def preview_act(*, act: str, parameters: Parameters, actor: Actor, now: datetime) -> Preview:
    """Say what the act changes, what the actor gave before, and whether a second person is asked. Raises its refusals."""
    known = ACTS[act]
    return told(known.preview(parameters, now), known.usages(parameters, actor, now))


def act_or_ask(
    *,
    act: str,
    parameters: Parameters,
    reason: str,
    actor: Actor,
    key: str,
    now: datetime,
    shown: str | None = None,
) -> object:
    """Do the act, or ask for it if a limit would be exceeded: then Asked is returned.

    `shown` is the effect of the preview that somebody agreed to. A second call with the key does nothing new. Locks the
    actor, then what the act locks. What was asked for under the key is not done beside the request, even if there is room
    again. Raises StateChanged, KeyUsed, the act's refusals.
    """
    known = ACTS[act]
    how = {"reason": reason, "actor": actor, "now": now}
    with transaction.atomic():
        lock_actor(actor)
        if known.done(parameters, key):
            return known.perform(parameters, key=key, shown=None, **how)
        [keeper] = _keepers
        if (number := keeper.find(act, parameters, key)) is not None:
            return Asked(number)
        if not any(usage.is_exceeded for usage in known.usages(parameters, actor, now)):
            return known.perform(parameters, key=key, shown=shown, **how)
        # Whoever is asked to agree must not find that it was never possible.
        preview = preview_act(act=act, parameters=parameters, actor=actor, now=now)
        if shown is not None and shown != preview.effect:
            raise StateChanged(StateChanged.__doc__)
        return Asked(keeper.keep(act=act, parameters=parameters, points=known.stake(parameters), key=key, **how))
