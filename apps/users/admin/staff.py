"""The staff's logins and groups. Only superusers hand out rights, or anybody who edits logins could take them all."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.users.models import Staff
from apps.users.services import (
    record_change_of_group,
    record_change_of_login,
    rights_of_group,
    rights_of_login,
)
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.model_admin import ModelAdmin

RIGHTS = ("is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


@admin.register(Staff)
class StaffAdmin(IndexedSearch, UserAdmin[Staff], ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Django's own pages for logins in the look of the rest; each change leaves an audit record."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "second_factor_at", "last_login")
    search_help_text = _("Login, name or email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        """Keep superusers out of reach of those who are none: a new password is as good as their rights."""
        logins: QuerySet[Staff] = super().get_queryset(request)
        return logins if request.user.is_superuser else logins.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Staff | None = None) -> tuple[str, ...]:
        """Let superusers alone change rights."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def save_model(self, request: HttpRequest, obj: Staff, form: ModelForm[Staff], change: bool) -> None:
        """Look at the rights before they change."""
        form.rights_before = rights_of_login(obj.pk) if change else None  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[Staff], formsets: Any, change: bool) -> None:
        """Record what the rights became, in the transaction of the page."""
        super().save_related(request, form, formsets, change)
        act, login = "change_login" if change else "add_login", form.instance.pk
        before = form.rights_before  # type: ignore[attr-defined]
        record_change_of_login(Actor.staff(request.user), act, login, before, rights_of_login(login))

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:
        """Let nobody: what a login did names it for ever. It is switched off."""
        return False

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Record that the password was changed."""
        with transaction.atomic():
            before = self._password(request, id)
            response: HttpResponse = super().user_change_password(request, id, form_url)
            after = self._password(request, id)
            if before and after and before != after:
                record_change_of_login(
                    Actor.staff(request.user), "change_password", after[0], None, {"password": "changed"}
                )
        return response

    def _password(self, request: HttpRequest, id: str) -> tuple[int, str] | None:
        login = self.get_object(request, id) if request.method == "POST" else None
        return None if login is None else (login.pk, login.password)


@admin.register(Group)
class GroupAdmin(IndexedSearch, BaseGroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Groups carry rights, so only superusers change them; each change leaves an audit record."""

    search_help_text = _("Name of the group")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for a superuser."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Ask for a superuser."""
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: Group, form: ModelForm[Group], change: bool) -> None:
        """Look at the rights before they change."""
        form.rights_before = rights_of_group(obj.pk) if change else None  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[Group], formsets: Any, change: bool) -> None:
        """Record what the rights became, in the transaction of the page."""
        super().save_related(request, form, formsets, change)
        act, group = "change_group" if change else "add_group", form.instance.pk
        before = form.rights_before  # type: ignore[attr-defined]
        record_change_of_group(Actor.staff(request.user), act, group, before, rights_of_group(group))

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        """Record which rights go with the group, and whose."""
        actor, members = Actor.staff(request.user), list(Staff.objects.filter(groups=obj).values_list("pk", flat=True))
        before = {pk: rights_of_login(pk) for pk in members}
        record_change_of_group(actor, "delete_group", obj.pk, rights_of_group(obj.pk), None)
        super().delete_model(request, obj)
        for pk in members:
            record_change_of_login(actor, "change_login", pk, before[pk], rights_of_login(pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> None:
        """Delete one by one, so that each leaves a record."""
        with transaction.atomic():
            for group in queryset:
                self.delete_model(request, group)
