"""The staff's logins and groups. Only superusers hand out rights, or anybody who edits logins could take them all."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.users.models import Staff
from diana.admin_search import IndexedSearch
from diana.model_admin import ModelAdmin

RIGHTS = ("is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


@admin.register(Staff)
class StaffAdmin(IndexedSearch, UserAdmin[Staff], ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Django's own pages for logins in the look of the rest."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    search_help_text = _("Login, name or email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        """Keep superusers out of reach of those who are none: a new password is as good as their rights."""
        logins: QuerySet[Staff] = super().get_queryset(request)
        return logins if request.user.is_superuser else logins.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> tuple[str, ...]:
        """Let superusers alone change rights."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)


@admin.register(Group)
class GroupAdmin(IndexedSearch, BaseGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Groups carry rights, so only superusers change them."""

    search_help_text = _("Name of the group")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for a superuser."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Ask for a superuser."""
        return bool(request.user.is_superuser)
