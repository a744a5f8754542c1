"""The pages of the second factor: the code after the password, enrolling a device, new recovery codes, another device."""

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import authenticate, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import BASE_INPUT_CLASSES

from apps.staff import codes, devices, login_limits, logins, second_factor
from apps.users.models import Staff
from diana import password_again

CLASSES = {"class": " ".join(BASE_INPUT_CLASSES)}
# No app shows longer codes, and a recovery code with its hyphens has 19 letters.
LONGEST_CODE = 40


class CodeForm(forms.Form):
    """One code: the device's, or a recovery code where they are taken."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none", "spellcheck": "false"}
            | CLASSES
        ),
    )


class PasswordAndCodeForm(CodeForm):
    """What is asked before recovery codes or the device change."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput({"autocomplete": "current-password"} | CLASSES),
        strip=False,
    )
    field_order = ("password", "code")


@method_decorator([never_cache, sensitive_post_parameters("code", "password")], name="dispatch")
class Page(View):
    """What the pages have in common. `site` is the admin's."""

    site: AdminSite | None = None
    template, form_class = "", CodeForm
    title: Any = ""

    def show(self, request: HttpRequest, form: forms.Form, **context: Any) -> HttpResponse:
        """Return the page with the form; whoever is locked out is told so."""
        common = self.site.each_context(request) if self.site else {}
        response = TemplateResponse(request, self.template, common | {"title": self.title, "form": form} | context)
        if getattr(request, "axes_locked_out", False):
            login_limits.refuse(request, response, form)
        return response

    def check_code(self, request: HttpRequest, form: forms.Form, login: Staff, **how: Any) -> Staff | None:
        """Return the login if the code is right; a wrong one stands in the form and in the record."""
        code = form.cleaned_data["code"]
        found = authenticate(request, username=login.username, code=code, **how)
        if isinstance(found, Staff):
            return found
        if login_limits.was_looked_at(request):
            logins.record_wrong_code(login)
        form.add_error("code", _("The code is wrong or was already used."))
        return None

    def show_recovery_codes(self, request: HttpRequest, login: Staff, target: str) -> HttpResponse:
        """Return the page that shows new recovery codes, once."""
        made = devices.renew_recovery_codes(login)
        context = self.site.each_context(request) if self.site else {}
        shown = {"title": _("Recovery codes"), "codes": made, "target": target}
        return TemplateResponse(request, "staff/recovery_codes.html", context | shown)


class CodePage(Page):
    """The second step of a login: the code of the device, or a recovery code."""

    template, title = "staff/login_code.html", gettext_lazy("Code")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code of whoever gave the password."""
        if self._login(request) is None:
            return redirect("admin:login")
        return self.show(request, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Let in with a right code."""
        form = CodeForm(request.POST)
        with transaction.atomic():
            login = self._login(request)
            if login is None:
                messages.info(request, _("That took too long: log in again."))
                return redirect("admin:login")
            left = devices.codes_left(login)
            if not form.is_valid() or (found := self.check_code(request, form, login)) is None:
                return self.show(request, form)
            target = second_factor.let_in(request, found)
            _warn_of_last_codes(request, left, devices.codes_left(login))
        return redirect(target)

    def _login(self, request: HttpRequest) -> Staff | None:
        login = second_factor.waiting_login(request)
        return login if login is not None and login.second_factor_at is not None else None


class EnrolmentPage(Page):
    """The device of a login: the QR code for an authenticator app, and the first code that it computes."""

    template, title = "staff/enrol.html", gettext_lazy("Set up the second factor")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show a new secret, the same one as long as the session has it."""
        login = self._login(request)
        return redirect("admin:login") if login is None else self._show(request, login, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the device whose code is right, let in, and show the recovery codes."""
        form = CodeForm(request.POST)
        with transaction.atomic():
            login = self._login(request)
            if login is None:
                messages.info(request, _("That took too long: log in again."))
                return redirect("admin:login")
            secret = second_factor.enrolment_secret(request, login)
            how = {"secret": secret, "salt": login.session_salt}
            if not form.is_valid() or (found := self.check_code(request, form, login, **how)) is None:
                return self._show(request, login, form)
            target = self._keep(request, found)
            return self.show_recovery_codes(request, found, target)

    def _keep(self, request: HttpRequest, login: Staff) -> str:
        """Give the session its second factor; return where to go on."""
        second_factor.end_enrolment(request)
        if not request.user.is_authenticated:
            return second_factor.let_in(request, login)
        # The login's other sessions have ended.
        update_session_auth_hash(request, login)
        request.user = login
        second_factor.keep(request)
        return reverse("admin:index")

    def _show(self, request: HttpRequest, login: Staff, form: forms.Form) -> HttpResponse:
        secret = second_factor.enrolment_secret(request, login)
        spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return self.show(request, form, image=_image(codes.address(secret, login.username)), secret=spaced)

    def _login(self, request: HttpRequest) -> Staff | None:
        user = request.user
        known = isinstance(user, Staff) and user.is_active and user.is_staff
        login = user if known else second_factor.waiting_login(request)
        return login if isinstance(login, Staff) and second_factor.may_enrol(request, login) else None


class SecondFactorPage(Page):
    """The second factor of whoever is in: new recovery codes, or another device, after password and code."""

    template, title = "staff/second_factor.html", gettext_lazy("Second factor")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show since when there is a device, and how many recovery codes are left."""
        login = request.user
        if not isinstance(login, Staff) or login.second_factor_at is None:
            return redirect("admin:second_factor_enrol")
        return self._show(request, login, PasswordAndCodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make new recovery codes, or lead to the page of another device."""
        login = request.user
        if not isinstance(login, Staff) or login.second_factor_at is None:
            return redirect("admin:second_factor_enrol")
        form = PasswordAndCodeForm(request.POST)
        with transaction.atomic():
            if not (form.is_valid() and password_again.is_right(request) and self.check_code(request, form, login)):
                return self._show(request, login, form)
            if request.POST.get("then") == "codes":
                return self.show_recovery_codes(request, login, reverse("admin:index"))
            second_factor.allow_change(request)
            return redirect("admin:second_factor_enrol")

    def _show(self, request: HttpRequest, login: Staff, form: forms.Form) -> HttpResponse:
        return self.show(request, form, since=login.second_factor_at, left=devices.codes_left(login))


def _warn_of_last_codes(request: HttpRequest, before: int, left: int) -> None:
    """Say how many recovery codes are left to whoever used one."""
    if left < before:
        text = ngettext(
            "You used a recovery code: %(count)s is left.", "You used a recovery code: %(count)s are left.", left
        )
        messages.warning(request, text % {"count": left})


def _image(text: str) -> SafeString:
    """Return the QR code as SVG, which needs neither scripts nor styles."""
    code = segno.make(text, error="m")
    return SafeString(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None))
