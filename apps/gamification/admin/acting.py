"""What the pages of the admin share on which staff act: no editing, a reason for everything, one page that asks for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.gamification import services
from apps.gamification.models import StaffRequest
from apps.gamification.services import PointsError
from apps.users.selectors import UnknownPerson
from diana import clock
from diana.acts import Change, Preview, StateChanged
from diana.audit import Actor
from diana.confirming import confirm_and_act

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


def reason_field() -> forms.CharField:
    """Return the field for the reason, which the audit record keeps."""
    return forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept beside your name."),
    )


class ActForm(forms.Form):
    """Why something is done. The key makes a form that is sent twice one act."""

    reason = reason_field()
    key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)


class AmountForm(ActForm):
    """How much, and why."""

    amount = forms.IntegerField(
        label=_("Points"),
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("A negative number takes points, as far as they are there."),
    )
    field_order = ["amount", "reason", "key"]


class TierForm(ActForm):
    """Which tier of which achievement, and why."""

    achievement = forms.CharField(
        label=_("Achievement"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_("Its key, as in staff_pick."),
    )
    tier = forms.ChoiceField(
        label=_("Tier"),
        choices=[(name, name) for name in ("single", "secret", "bronze", "silver", "gold")],
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ["achievement", "tier", "reason", "key"]


def confirm_switch(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    *,
    active: bool,
    back: str,
    note: "StrOrPromise",
    switch: Callable[[dict[str, Any], Actor], object],
) -> HttpResponse:
    """Ask for the reason, show which way it is switched and what that means, then switch what is `active` off, or on."""
    names = (_("inactive"), _("active"))
    # Somebody else may have switched it meanwhile.
    effect = f"{active}>{not active}"

    def act(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
        if shown != effect:
            raise StateChanged(StateChanged.__doc__)
        switch(data, actor)
        return _("Done, and recorded.")

    return confirm_and_act(
        admin,
        request,
        form_for(request, ActForm),
        title=_("Switch off") if active else _("Switch on"),
        back=back,
        preview=lambda data, actor: Preview(
            (Change(str(_("state")), str(names[active]), str(names[not active])),), effect, (str(note),)
        ),
        act=act,
        refusals=(PointsError,),
    )


def prepare_and_act(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: ActForm,
    *,
    act: str,
    parameters: Callable[[dict[str, Any]], dict[str, Any]],
    back: str,
) -> HttpResponse:
    """Show the form, then what the registered act would change, and do it when that is confirmed; or ask for it."""

    def do(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
        outcome = services.act_or_ask(
            act=act,
            parameters=parameters(data),
            reason=data["reason"],
            actor=actor,
            key=data["key"],
            now=clock.now(),
            shown=shown,
        )
        if isinstance(outcome, StaffRequest):
            return _("Asked for: request %(id)s waits for another member of staff.") % {"id": outcome.pk}
        return _("Done, and recorded.")

    return confirm_and_act(
        admin,
        request,
        form,
        title=services.ACTS[act].title,
        back=back,
        preview=lambda data, actor: services.preview_act(
            act=act, parameters=parameters(data), reason=data["reason"], actor=actor, now=clock.now()
        ),
        act=do,
        refusals=(PointsError, UnknownPerson),
    )


def form_for(request: HttpRequest, form_class: type[ActForm], **initial: Any) -> ActForm:
    """Return the form as it was sent, or an empty one with a fresh key."""
    return form_class(request.POST or None, initial={"key": uuid4().hex} | initial)
