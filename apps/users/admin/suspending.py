"""Suspending a person in the admin and ending it: a form, what it changes, and then the act."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from apps.users import services
from apps.users.admin.grants import ReasonForm
from apps.users.models import Person
from diana import clock
from diana.acts import Preview
from diana.audit import Actor
from diana.confirming import confirm_and_act

REFUSALS = (services.InvalidSuspension, services.NotSuspended, services.PersonGone)


class SuspendForm(ReasonForm):
    """Until when, and why."""

    until = forms.SplitDateTimeField(
        label=_("Until"),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget(),
        help_text=_("In UTC. Empty: until somebody ends it."),
    )
    field_order = ["until", "reason", "key"]


def suspend_or_end(
    admin: ModelAdmin[Any], request: HttpRequest, person: Person, *, back: str, suspended: bool
) -> HttpResponse:
    """Ask, show, and then suspend the person or end it."""
    form_class = SuspendForm if suspended else ReasonForm
    form = form_class(request.POST or None, initial={"key": uuid4().hex})

    def preview(data: dict[str, Any], actor: Actor) -> Preview:
        return services.preview_suspension(person_id=person.pk, until=data.get("until"), suspended=suspended)

    def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
        how = {"reason": data["reason"], "actor": actor, "key": data["key"], "now": clock.now(), "shown": shown}
        if suspended:
            services.suspend(person_id=person.pk, until=data["until"], **how)
            return _("Suspended, and recorded.")
        services.unsuspend(person_id=person.pk, **how)
        return _("The suspension has ended, which is recorded.")

    return confirm_and_act(
        admin,
        request,
        form,
        title=_("Suspend") if suspended else _("End the suspension"),
        back=back,
        preview=preview,
        act=act,
        refusals=REFUSALS,
    )
