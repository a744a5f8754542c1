"""The person's page: found by our id or the Telegram id, with their VIP grants; nothing is edited here."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.db.models import F, Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.users.admin import leaving
from apps.users.admin.grants import SpansOfGrants
from apps.users.admin.suspending import suspend_or_end
from apps.users.admin.vip import OverrideInline, VipFilter, VipOfPeople
from apps.users.folding import fold
from apps.users.models import Departure, Grant, Person, Suspension
from diana import clock
from diana.admin_search import IndexedSearch
from diana.labels import labelled
from diana.model_admin import ModelAdmin, TabularInline
from diana.readonly import ReadOnly
from diana.trigrams import part_of

STATUS_COLOURS = {
    "active": "success",
    "suspended": "danger",
    "deactivated": "warning",
    "deletion_requested": "warning",
    "erased": "info",
}


class GrantInline(SpansOfGrants, ReadOnly, TabularInline):
    """All VIP of the person, newest first."""

    model = Grant
    readonly_fields = ("number", "given", "counts_from", "counts_until")
    fields = ("number", "source", *readonly_fields[1:], "reason", "granted_by", "revoked_at", "revoked_by")
    ordering = ("-id",)
    extra = 0
    hide_title = True
    verbose_name_plural = _("VIP")

    @admin.display(description=_("grant"))
    def number(self, grant: Grant) -> str:
        """Show the id as a link to the grant's own page."""
        address = reverse("admin:users_grant_change", args=[grant.pk])
        return format_html('<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', address, grant.pk)


class SuspensionInline(ReadOnly, TabularInline):
    """All suspensions of the person, newest first."""

    model = Suspension
    fields = ("starts_at", "ends_at", "suspended_by", "ended_at", "ended_by")
    ordering = ("-id",)
    extra = 0
    hide_title = True
    verbose_name_plural = _("suspensions")


class DepartureInline(ReadOnly, TabularInline):
    """When the person left, and whether they asked to be erased; newest first."""

    model = Departure
    fields = ("left_at", "erase_at", "ended_at", "outcome")
    ordering = ("-id",)
    extra = 0
    hide_title = True
    verbose_name_plural = _("departures")


@admin.register(Person)
class PersonAdmin(IndexedSearch, VipOfPeople, ReadOnly, ModelAdmin):
    """A fixed number of queries, however long the list."""

    list_display = (
        "name",
        "telegram_id",
        "status_label",
        "language",
        "timezone",
        "vip_state",
        "vip_until",
        "last_act_at",
    )
    list_filter = ("status", "language", VipFilter)
    search_fields = ("=id", "=telegram_id")
    search_help_text = _("Name, username, person's id or Telegram id")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (GrantInline, OverrideInline, SuspensionInline, DepartureInline)
    actions = ("grant_many",)
    actions_detail = (
        "add_vip",
        "extend_vip",
        "override_vip",
        "clear_vip",
        "suspend",
        "unsuspend",
        "export_data",
        "erase",
    )
    fieldsets = (
        (None, {"fields": (("id", "telegram_id"), ("first_name", "last_name"), ("username", "status"))}),
        (_("Settings"), {"fields": (("language", "timezone"), "counting_timezone")}),
        (
            _("Activity"),
            {"fields": (("created_at", "registered_at"), ("last_act_at", "last_active_date"))},
        ),
        (_("VIP"), {"fields": (("vip_state", "vip_until"),)}),
    )
    readonly_fields = ("id", "vip_state", "vip_until", "counting_timezone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """Read the VIP of the whole page at once."""
        return self.with_promises(super().get_queryset(request))

    def search_alternatives(self, model: type[Model], word: str) -> list[Q]:
        """Find by names too."""
        found = super().search_alternatives(model, word)
        return [*found, part_of(F("folded_names"), folded)] if (folded := fold(word)) else found

    @admin.display(description=_("days count by"))
    def counting_timezone(self, person: Person) -> str:
        """Show the zone that counts, and until when, if the one chosen last does not yet."""
        now = clock.now()
        zone, counts_from = person.clock.zone_at(now), person.clock.counts_from(now)
        if counts_from is None:
            return zone
        until = f"{counts_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return str(_("%(zone)s until %(moment)s") % {"zone": zone, "moment": until})

    @admin.display(description=_("person"), ordering="id")
    def name(self, person: Person) -> str:
        """Show the name with our id, which is what everything else is found by."""
        return f"{person} · {person.pk}"

    @labelled(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, person: Person) -> tuple[str, str]:
        """Show the status in its colour."""
        return person.status, person.get_status_display()

    @action(description=_("Grant VIP"), icon="workspace_premium", permissions=["grant_vip"], url_path="vip")  # type: ignore[untyped-decorator]  # unfold has no types
    def add_vip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the form of a new grant for this person."""
        return redirect(f"{reverse('admin:users_grant_add')}?person={self._found(request, object_id).pk}")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to suspend, or to end it; nothing where there is nobody any more."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        if Person.objects.filter(pk=object_id, status=Person.Status.ERASED).exists():
            return []
        suspended = Person.objects.filter(pk=object_id, status=Person.Status.SUSPENDED).exists()
        without = "suspend" if suspended else "unsuspend"
        return [found for found in offered if not found.action_name.endswith(f"_{without}")]

    @action(description=_("Suspend"), icon="pause", permissions=["suspend"], url_path="suspend")  # type: ignore[untyped-decorator]  # unfold has no types
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask until when and why; show it; then let the person earn nothing."""
        return self._suspend_or_end(request, object_id, suspended=True)

    @action(description=_("End the suspension"), icon="play_arrow", permissions=["suspend"], url_path="unsuspend")  # type: ignore[untyped-decorator]  # unfold has no types
    def unsuspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show it; then let the person earn again."""
        return self._suspend_or_end(request, object_id, suspended=False)

    def has_suspend_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to suspend people."""
        return request.user.has_perm("users.suspend_person")

    @action(description=_("Export data"), icon="download", permissions=["export_data"], url_path="export")  # type: ignore[untyped-decorator]  # unfold has no types
    def export_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; then give a copy of all that is known about the person."""
        return leaving.export(self, request, self._found(request, object_id), back=_page_of(object_id))

    def has_export_data_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to export."""
        return request.user.has_perm("users.export_person")

    @action(description=_("Erase now"), icon="delete_forever", permissions=["erase"], url_path="erase")  # type: ignore[untyped-decorator]  # unfold has no types
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show what goes; then remove who the person is, at once."""
        return leaving.erase(self, request, self._found(request, object_id), back=_page_of(object_id))

    def has_erase_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to erase people."""
        return request.user.has_perm("users.erase_person")

    def _suspend_or_end(self, request: HttpRequest, object_id: str, *, suspended: bool) -> HttpResponse:
        person = self._found(request, object_id)
        return suspend_or_end(self, request, person, back=_page_of(object_id), suspended=suspended)

    def _found(self, request: HttpRequest, object_id: str) -> Person:
        person: Person | None = self.get_object(request, object_id)
        if person is None:
            raise Http404
        return person


def _page_of(object_id: str) -> str:
    return reverse("admin:users_person_change", args=[object_id])
