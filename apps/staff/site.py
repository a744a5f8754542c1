"""The admin's site: the theme's, with records of who logs in, out, and changes the password."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.staff import login_limits, logins
from diana import staff_site


class StaffSite(staff_site.StaffSite):
    """Where staff log in and out."""

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the form, let in; record each login and each failure."""
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST":
            checked = not getattr(request, "axes_locked_out", False)
            # The try that locks was looked at; what is refused unseen is no try, and could fill the record.
            if checked or getattr(request, "axes_failures_since_start", None):
                logins.record_attempt(request, let_in=response.status_code == 302)
            login_limits.forget_old()
            if not checked and isinstance(response, TemplateResponse):
                login_limits.refuse(request, response)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Log out and record it."""
        if request.method == "POST" and request.user.is_authenticated:
            logins.record_logout(request)
        response: HttpResponse = super().logout(request, extra_context)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Let staff change their own password and record it."""
        with transaction.atomic():
            response: HttpResponse = super().password_change(request, extra_context)
            if request.method == "POST" and response.status_code == 302:
                logins.record_own_password(request)
        return response
