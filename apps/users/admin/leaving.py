"""A person's data in the admin: a copy for who asked for it, and erasing at once what they do not want kept."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.users import services
from apps.users.admin.grants import reason_field
from apps.users.models import Person
from diana import clock
from diana.acts import Preview
from diana.audit import Actor
from diana.confirming import confirm_and_act, show_form

NO_NAMES = _("Kept for ever beside your name: leave out names and Telegram ids of people.")


class ExportForm(forms.Form):
    """Why."""

    reason = reason_field(NO_NAMES)


class EraseForm(ExportForm):
    """Why. The key makes a form that is sent twice one act."""

    key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)


def export(admin: ModelAdmin[Any], request: HttpRequest, person: Person, *, back: str) -> HttpResponse:
    """Ask why; then give the file, which nobody else keeps."""
    form = ExportForm(request.POST or None)
    if not form.is_valid():
        return show_form(
            admin,
            request,
            form,
            title=_("Export the person's data"),
            back=back,
            message=_("The file holds all that is known about the person. Give it to nobody else."),
            submit=_("Export"),
        )
    try:
        content = services.export_for_staff(
            person_id=person.pk, reason=form.cleaned_data["reason"], actor=Actor.staff(request.user), now=clock.now()
        )
    except services.PersonGone as error:
        messages.error(request, str(error))
        return redirect(back)
    name = f"person-{person.pk}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/json", headers=headers)


def erase(admin: ModelAdmin[Any], request: HttpRequest, person: Person, *, back: str) -> HttpResponse:
    """Ask why, show what goes, and then erase."""
    form = EraseForm(request.POST or None, initial={"key": uuid4().hex})

    def preview(data: dict[str, Any], actor: Actor) -> Preview:
        return services.preview_erasure(person_id=person.pk)

    def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
        services.erase_person(person_id=person.pk, reason=data["reason"], actor=actor, now=clock.now(), shown=shown)
        return _("Erased, and recorded.")

    return confirm_and_act(
        admin,
        request,
        form,
        title=_("Erase now"),
        back=back,
        preview=preview,
        act=act,
        refusals=(services.PersonGone, services.ReasonNamesPerson),
        password_again=True,
    )
