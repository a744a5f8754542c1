"""The admin's site: the theme's, with the second factor, and records of who logs in, out, and changes the password."""

from typing import Any

from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from apps.staff import login_limits, logins, second_factor
from apps.staff.second_factor_pages import CodePage, EnrolmentPage, SecondFactorPage
from apps.users.models import Staff
from diana import password_again, staff_site


class PasswordPage(LoginView):
    """The login page: with the right password it lets in, or leads to the second factor."""

    next_page = "admin:index"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look at the try and count it in one transaction: no other one comes between."""
        with transaction.atomic():
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Let in whom the password is enough for; lead everybody else to the code, or to get a device."""
        login, target = form.get_user(), self.get_success_url()
        if second_factor.is_next(login):
            second_factor.begin(self.request, login, target)
            return redirect("admin:login_code" if login.second_factor_at else "admin:second_factor_enrol")
        response = super().form_valid(form)
        logins.record_login(self.request)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        """Record the failure; say how long to wait where there is a limit."""
        response = super().form_invalid(form)
        if login_limits.was_looked_at(self.request):
            logins.record_failure(self.request)
        if getattr(self.request, "axes_locked_out", False) and isinstance(response, TemplateResponse):
            login_limits.refuse(self.request, response, form)
        return response


class StaffSite(staff_site.StaffSite):
    """Where staff log in and out."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Return the addresses, with those of the second factor; the first two are for people who are not in yet."""
        known = {"site": self}
        return [
            path("login/code/", CodePage.as_view(**known), name="login_code"),
            path("second-factor/enrol/", EnrolmentPage.as_view(**known), name="second_factor_enrol"),
            path("second-factor/", self.admin_view(SecondFactorPage.as_view(**known)), name="second_factor"),
            *super().get_urls(),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        """Let nobody in whose session lacks the second factor that it needs."""
        return bool(super().has_permission(request)) and second_factor.is_enough(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page knows: also until when the password is enough."""
        context: dict[str, Any] = super().each_context(request)
        user = request.user
        due = second_factor.time_left_until(user) if isinstance(user, Staff) else None
        return context | {"second_factor_due_at": due}

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """Show the form, take the password; record each login and each failure."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **(extra_context or {}),
        }
        page = PasswordPage.as_view(
            extra_context=context, authentication_form=self.login_form, template_name="admin/login.html"
        )
        response = page(request)
        if request.method == "POST":
            login_limits.forget_old()
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Log out and record it."""
        if request.method == "POST" and request.user.is_authenticated:
            logins.record_logout(request)
        response: HttpResponse = super().logout(request, extra_context)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let staff change their own password and record it; wrong ones count as on the login page."""
        with transaction.atomic():
            if request.POST.get("old_password") and not password_again.is_right(request, "old_password"):
                return redirect("admin:password_change")
            response: HttpResponse = super().password_change(request, extra_context)
            if request.method == "POST" and response.status_code == 302:
                logins.record_own_password(request)
        return response
