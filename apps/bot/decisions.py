"""Staff's decisions on groups: approve one, refuse one, have the bot leave one. Each is recorded, and told by an event."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.bot import additions
from apps.bot.events import GroupApproved, GroupLeaveRequested, GroupRefused
from apps.bot.models import Chat, Group
from diana import audit
from diana.acts import Change, Preview, StateChanged
from diana.events import publish

State = Chat.State
# What is done, by the state that comes of it: the name in the audit record.
ACTS = {State.APPROVED: "approve_group", State.REFUSED: "refuse_group", State.LEFT: "leave_group"}
_FACTS = {State.APPROVED: GroupApproved, State.REFUSED: GroupRefused, State.LEFT: GroupLeaveRequested}


class UnknownGroup(LookupError):
    """There is no such group: the list of groups has those that the bot has met."""


class DecidedAlready(ValueError):
    """The group is in that state already: there is nothing to decide."""


def decide_group(
    *, group_id: int, state: str, reason: str, actor: audit.Actor, now: datetime, shown: str | None = None
) -> Group:
    """Approve or refuse the group, or have the bot leave it; return it. What was done there before is not paid.

    Locks the group's chat. Forgets the number of an unknown who let the bot in. Publishes the decision, which tells an
    approved group and leaves a left one. `shown` is the effect of the preview that somebody agreed to. Raises UnknownGroup,
    DecidedAlready, StateChanged, audit.ReasonMissing.
    """
    wanted = State(state)
    with transaction.atomic():
        group = Group.objects.select_for_update().filter(pk=group_id).first()
        preview = _preview(group, wanted)
        assert group is not None
        if shown is not None and preview.effect != shown:
            raise StateChanged(StateChanged.__doc__)
        before = group.state
        group.state, group.decided_at = wanted, now
        group.save(update_fields=["state", "decided_at"])
        additions.forget_unknown(group.pk)
        record = audit.record(
            actor=actor,
            act=ACTS[wanted],
            target=("bot.Group", group.pk),
            before={"state": before},
            after={"state": str(wanted)},
            reason=reason,
        )
        publish(_FACTS[wanted](chat=group.pk, actor=actor.id, audit=record.pk), key=f"chat:{group.pk}")
    return group


def preview_decision(*, group_id: int, state: str) -> Preview:
    """Say what the decision changes. Raises UnknownGroup and DecidedAlready."""
    return _preview(Group.objects.filter(pk=group_id).first(), State(state))


def _preview(group: Group | None, wanted: State) -> Preview:
    if group is None:
        raise UnknownGroup(_("There is no such group: the list of groups has those that the bot has met."))
    if group.state == wanted:
        raise DecidedAlready(
            _("Group %(id)s is in that state already: %(state)s.") % {"id": group.pk, "state": wanted.label}
        )
    change = Change(_("state"), State(group.state).label, wanted.label)
    return Preview((change,), f"{group.state},{wanted}", (str(_notes()[wanted]),))


def _notes() -> dict[State, str]:
    """Return what people should know before they decide."""
    return {
        State.APPROVED: _(
            "What is done there counts from now on, and the group is told so; what was done before is not paid."
        ),
        State.REFUSED: _("Nothing counts there, and the bot says nothing. Points that were earned there stay."),
        State.LEFT: _(
            "The bot leaves without a word, and leaves again if somebody lets it in. Points that were earned there stay."
        ),
    }
