"""What most pages of the admin have in common: nothing is added, changed or deleted, and the history is the audit record."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class ReadOnly:
    """For admins and inlines; those with the view permission see, and what may be added is each one's own."""

    opts: Any

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the audit records of the object: Django's own history has only what its forms changed."""
        if not request.user.has_perm("audit.view_auditrecord"):
            raise PermissionDenied
        about = {"object_type__exact": self.opts.label, "object_id__exact": unquote(object_id)}
        return redirect(f"{reverse('admin:audit_auditrecord_changelist')}?{urlencode(about)}")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse unless the admin says otherwise."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False
