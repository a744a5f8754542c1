"""Acts that need a second person: asked for, then approved or refused by somebody else, or over after a week."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.gamification.models import StaffRequest
from apps.gamification.services.errors import KeyTaken, PointsError
from apps.users import selectors as users
from diana import audit
from diana.second_person import KeyUsed

KEPT = timedelta(days=7)


class UnknownRequest(PointsError):
    """There is no such request."""

    def __init__(self, request_id: int) -> None:
        super().__init__(_("There is no request %(id)s.") % {"id": request_id})


class AlreadyDecided(PointsError):
    """Somebody was faster, or the week is over."""

    def __init__(self, request: StaffRequest) -> None:
        text = _("Request %(id)s was decided already: %(status)s, by %(who)s.")
        who = request.decided_by or "–"
        super().__init__(text % {"id": request.pk, "status": request.get_status_display(), "who": who})


class SamePerson(PointsError):
    """Who asks does not decide."""

    def __init__(self) -> None:
        super().__init__(_("You asked for this yourself: another member of staff must decide."))


class NotAllowed(PointsError):
    """A permission is missing."""

    def __init__(self, permission: str) -> None:
        super().__init__(_("This needs the permission %(permission)s.") % {"permission": permission})


def ask(
    *,
    act: str,
    parameters: Mapping[str, Any],
    points: int,
    reason: str,
    actor: audit.Actor,
    key: str,
    now: datetime,
) -> StaffRequest:
    """Write the request down; a second call with the key returns the first. Raises KeyTaken, audit.ReasonMissing."""
    with transaction.atomic():
        request, made = StaffRequest.objects.get_or_create(
            key=key,
            defaults={
                "act": act,
                "parameters": dict(parameters),
                "points": points,
                "reason": reason.strip(),
                "asked_by_id": actor.id,
                "asked_by": actor.name,
                "asked_origin": actor.origin,
                "asked_at": now,
                "expires_at": now + KEPT,
            },
        )
        if not made:
            if (request.act, request.parameters) != (act, dict(parameters)):
                raise KeyTaken(key)
            return request
        _record(request, "ask_for_act", None, actor, reason)
    return request


def find(*, act: str, parameters: Mapping[str, Any], key: str) -> StaffRequest | None:
    """Return the request under the key, whatever was decided about it. Raises KeyTaken if it is for something else."""
    found = StaffRequest.objects.filter(key=key).first()
    if found is not None and (found.act, found.parameters) != (act, dict(parameters)):
        raise KeyTaken(key)
    return found


class Keeper:
    """Keeps the requests for acts of other apps."""

    def keep(self, **asked: Any) -> int:
        """Write a request down; takes what ask() takes and returns the request's number. Raises KeyUsed."""
        try:
            return ask(**asked).pk
        except KeyTaken as error:
            raise KeyUsed(str(error)) from error

    def find(self, act: str, parameters: Mapping[str, Any], key: str) -> int | None:
        """Return the number of the request under the key. Raises KeyUsed."""
        try:
            found = find(act=act, parameters=parameters, key=key)
        except KeyTaken as error:
            raise KeyUsed(str(error)) from error
        return found.pk if found else None


def decide(*, request_id: int, status: str, reason: str, actor: audit.Actor, now: datetime) -> StaffRequest:
    """Decide about a request: approved (the caller performs it in the same transaction) or refused. Locks the request.

    Raises UnknownRequest, AlreadyDecided, SamePerson, NotAllowed, audit.ReasonMissing.
    """
    with transaction.atomic():
        request = StaffRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
        if request is None:
            raise UnknownRequest(request_id)
        if request.status != StaffRequest.Status.PENDING or request.expires_at <= now:
            raise AlreadyDecided(request)
        if actor.id is None or actor.id == request.asked_by_id or actor.name == request.asked_by:
            raise SamePerson
        check_permission(actor, "gamification.approve_act")
        before = {"status": request.status}
        request.status, request.decided_at, request.decision = status, now, reason.strip()
        request.decided_by_id, request.decided_by = actor.id, actor.name
        # The record first: it says better than a constraint what is wrong with a reason.
        _record(
            request, f"{'approve' if status == StaffRequest.Status.APPROVED else 'refuse'}_act", before, actor, reason
        )
        request.save(update_fields=["status", "decided_at", "decision", "decided_by_id", "decided_by"])
    return request


def refuse(*, request_id: int, reason: str, actor: audit.Actor, now: datetime) -> StaffRequest:
    """Refuse a request; nothing is done. Raises what decide() raises."""
    return decide(request_id=request_id, status=StaffRequest.Status.REFUSED, reason=reason, actor=actor, now=now)


def expire_requests(*, now: datetime) -> int:
    """End the requests that nobody decided about in time; return how many. A second call ends none."""
    with transaction.atomic():
        waiting = StaffRequest.objects.select_for_update(no_key=True, skip_locked=True)
        late = list(waiting.filter(status=StaffRequest.Status.PENDING, expires_at__lte=now).order_by("pk"))
        for request in late:
            request.status = StaffRequest.Status.EXPIRED
            request.save(update_fields=["status"])
            clockwork = audit.Actor(None, "gamification.expire_requests", "command")
            _record(request, "expire_request", {"status": "pending"}, clockwork, "Nobody decided within a week.")
        return len(late)


def check_permission(actor: audit.Actor, permission: str) -> None:
    """Raise NotAllowed unless the actor is a login that may do this now."""
    if actor.id is None or not users.staff_may(actor.id, permission):
        raise NotAllowed(permission)


def _record(request: StaffRequest, act: str, before: Mapping[str, Any] | None, actor: audit.Actor, reason: str) -> None:
    audit.record(
        actor=actor,
        act=act,
        target=("gamification.StaffRequest", request.pk),
        before=before,
        after={
            "status": request.status,
            "act": request.act,
            "parameters": request.parameters,
            "points": request.points,
            "asked_by": request.asked_by,
        },
        reason=reason,
    )
