"""The pages on which staff act in two steps: a form, then what it would change, and only then the act."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from unfold.widgets import INPUT_CLASSES

from diana.acts import Preview, StateChanged
from diana.audit import Actor, ReasonMissing
from diana.password_again import is_needed as needs_password
from diana.password_again import is_right as password_is_right

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

Data = dict[str, Any]
# Its button says that nothing is saved yet.
ADD_TEMPLATE = "audit/add.html"
SIGNER = signing.Signer(salt="diana.confirming")


def confirm_and_act(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: forms.Form | forms.ModelForm[Any],
    *,
    title: "StrOrPromise",
    back: str,
    preview: Callable[[Data, Actor], Preview],
    act: Callable[[Data, Actor, str], "StrOrPromise"],
    refusals: tuple[type[Exception], ...],
    password_again: bool = False,
) -> HttpResponse:
    """Show the form, then the preview; act when that is confirmed, and go back with what `act` says.

    `act` is given the effect that was shown and raises StateChanged if it would do something else by now: then the new
    preview is shown. The form must have a field `key`, which makes a form that is sent twice one act. What was shown is
    signed with what was filled in and by whom, so that nothing is done that was not shown. With `password_again` it is
    confirmed with the password, unless that was given lately.
    """
    if not form.is_valid():
        return _page(admin, request, form, title, back, None)
    asks = password_again and needs_password(request)
    data, actor = form.cleaned_data, Actor.staff(request.user)
    expected: tuple[type[Exception], ...] = (*refusals, ReasonMissing)
    try:
        shown = _shown(request, data)
        if shown is not None and (not asks or password_is_right(request)):
            try:
                messages.success(request, str(act(data, actor, shown)))
                return redirect(back)
            except StateChanged:
                messages.warning(
                    request, _("Something changed meanwhile. Nothing was done: this is how it stands now.")
                )
        return _page(admin, request, form, title, back, preview(data, actor), asks=asks and needs_password(request))
    except expected as error:
        messages.error(request, str(error))
        return redirect(back)


class ConfirmedAdd:
    """For the admin of a model whose rows are added by a service: a valid form is shown first, as acts are."""

    add_form_template = ADD_TEMPLATE

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Answer a valid form by confirm_addition(); everything else as Django does."""
        page: Any = self
        if request.method == "POST" and page.has_add_permission(request):
            form = page.get_form(request)(request.POST)
            if form.is_valid():
                return self.confirm_addition(request, form)
        answer: HttpResponse = super().add_view(request, form_url, extra_context)  # type: ignore[misc]
        return answer

    def confirm_addition(self, request: HttpRequest, form: Any) -> HttpResponse:
        """Show what the valid form comes to, and do it when that is confirmed."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Refuse: nothing is added that was not shown."""
        raise PermissionDenied


def _shown(request: HttpRequest, data: Data) -> str | None:
    """Return the effect that was shown for exactly these values, or None if none was."""
    try:
        effect, digest = SIGNER.unsign_object(request.POST.get("shown", ""))
    except (signing.BadSignature, ValueError):
        return None
    return str(effect) if digest == _digest(request, data) else None


def _digest(request: HttpRequest, data: Data) -> str:
    """Return what tells this act by this login from every other."""
    text = json.dumps([request.user.pk, request.path, data], sort_keys=True, default=_told_apart)
    return hashlib.sha256(text.encode()).hexdigest()


def _told_apart(value: object) -> str:
    """Return the text that a chosen row or another value is told apart by: two people may have one name."""
    return f"{value._meta.label}:{value.pk}" if isinstance(value, Model) else str(value)


def _page(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: forms.Form | forms.ModelForm[Any],
    title: "StrOrPromise",
    back: str,
    preview: Preview | None,
    *,
    asks: bool = False,
) -> HttpResponse:
    context: dict[str, Any] = {
        "preview": preview,
        "asks_password": asks,
        "password_classes": " ".join(INPUT_CLASSES),
        "status": 429 if getattr(request, "axes_locked_out", False) else 200,
    }
    if preview is not None:
        context["sent"] = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ("csrfmiddlewaretoken", "shown", "password")
            for value in values
        ]
        context["shown"] = SIGNER.sign_object([preview.effect, _digest(request, form.cleaned_data)])
    return show_form(admin, request, form, title=title, back=back, template="audit/confirm.html", **context)


def show_form(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    form: forms.Form | forms.ModelForm[Any],
    *,
    title: "StrOrPromise",
    back: str,
    template: str = "audit/form.html",
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Return the page of a form, under the name of the act and of the object whose page offers it."""
    heading = _heading(admin, request, str(title))
    common = {"title": title, "heading": heading, "form": form, "back": back, "opts": admin.opts}
    return render(request, template, admin.admin_site.each_context(request) | common | context, status=status)


def _heading(admin: ModelAdmin[Any], request: HttpRequest, title: str) -> str:
    object_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
    found = admin.get_object(request, object_id) if object_id is not None else None
    return title if found is None or str(found) in title else f"{title}: {found}"
