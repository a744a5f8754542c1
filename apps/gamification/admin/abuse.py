"""The review queue: what detectors have flagged, what is held, and the two ways in which staff end it."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget

from apps.gamification import services
from apps.gamification.admin.acting import ActForm, form_for, prepare_and_act
from apps.gamification.models import Entry, Flag, Hold
from diana.admin_search import IndexedSearch
from diana.labels import labelled
from diana.model_admin import ModelAdmin, TabularInline
from diana.readonly import ReadOnly

SHOWN_ENTRIES = 20
MOST_REVERSED = 100
ID = re.compile(r"[0-9]{1,18}")


class HoldInline(ReadOnly, TabularInline):
    """The acts that wait, or waited."""

    model = Hold
    fields = ("occurred_at", "rule", "rule_version", "base", "multipliers", "status", "entry")
    ordering = ("position",)
    extra = 0
    per_page = 50
    verbose_name_plural = _("held acts")


class ConfirmForm(ActForm):
    """What follows from the abuse, beside the loss of what is held."""

    penalty = forms.IntegerField(
        label=_("Penalty"),
        min_value=0,
        max_value=1_000_000_000,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Points to take besides, as far as they are there; 0 for none."),
    )
    reverse = forms.TypedMultipleChoiceField(
        label=_("Reverse what was paid"),
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Awards in the span of the flag, the oldest first."),
    )
    field_order = ["reverse", "penalty", "reason", "key"]

    def offer(self, flag: Flag) -> "ConfirmForm":
        """Offer the awards of the flag's span; what was sent is left to the service, which knows what was done before."""
        paid = services.paid_in_span(flag)[:MOST_REVERSED]
        choices = [(e.pk, f"{e.pk} · {e.rule} · {e.amount:+d} · {e.occurred_at:%Y-%m-%d %H:%M:%S}") for e in paid]
        if self.is_bound:
            choices += [(int(v), v) for v in self.data.getlist("reverse") if ID.fullmatch(v)]  # type: ignore[attr-defined]
        self.fields["reverse"].choices = choices  # type: ignore[attr-defined]
        return self


@admin.register(Flag)
class FlagAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Newest first; open ones are what there is to do."""

    list_display = ("id", "account_id", "detector_label", "score", "acts", "held", "points", "status_label", "last_at")
    list_filter = ("status", "detector")
    search_fields = ("=id", "=account", "=holds__event_id")
    search_help_text = _("Flag, person's id or event's id")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (HoldInline,)
    actions_detail = ("confirm", "dismiss")
    fieldsets = (
        (None, {"fields": (("detector_label", "status_label"), ("account_id", "score", "acts"), ("since", "last_at"))}),
        (_("Decision"), {"fields": (("resolved_at", "resolved_by"),)}),
        (_("Last entries of the person"), {"fields": ("last_entries",)}),
    )
    readonly_fields = ("account_id", "detector_label", "status_label", "last_entries")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Count what is held along."""
        found: QuerySet[Flag] = super().get_queryset(request)
        waiting = Q(holds__status=Hold.Status.HELD)
        return found.annotate(held_acts=Count("holds", waiting), held_points=Sum("holds__base", filter=waiting))

    @display(description=_("detector"), ordering="detector")  # type: ignore[untyped-decorator]  # unfold has no types
    def detector_label(self, flag: Flag) -> str:
        """Name the detector."""
        return flag.get_detector_display()

    @labelled(
        description=_("status"),
        ordering="status",
        label={"open": "warning", "confirmed": "danger", "dismissed": "success"},
    )
    def status_label(self, flag: Flag) -> tuple[str, str]:
        """Show the status in its colour."""
        return flag.status, flag.get_status_display()

    @admin.display(description=_("held acts"))
    def held(self, flag: Flag) -> int:
        """Count the acts that wait."""
        return flag.held_acts  # type: ignore[attr-defined,no-any-return]

    @admin.display(description=_("base points held"))
    def points(self, flag: Flag) -> int:
        """Add up what waits, before bonuses, limits and the cap."""
        return flag.held_points or 0  # type: ignore[attr-defined]

    @admin.display(description=_("entries"))
    def last_entries(self, flag: Flag) -> str:
        """Show what the person earned last, each with a link."""
        entries = Entry.objects.filter(account_id=flag.account_id).order_by("-sequence")[:SHOWN_ENTRIES]
        lines = format_html_join(
            "",
            '<li><a href="{}">{}</a> {} {} {} ({})</li>',
            (
                (
                    reverse("admin:gamification_entry_change", args=[e.pk]),
                    e.pk,
                    f"{e.occurred_at:%Y-%m-%d %H:%M:%S}",
                    e.rule or e.get_kind_display(),
                    f"{e.amount:+d}",
                    e.note or e.get_kind_display(),
                )
                for e in entries
            ),
        )
        return format_html("<ul>{}</ul>", lines) if lines else "–"

    def has_resolve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to decide about flags."""
        return request.user.has_perm("gamification.resolve_flag")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to decide only about what is open."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if Flag.objects.filter(pk=object_id, status=Flag.Status.OPEN).exists() else []

    @action(description=_("Confirm"), icon="gavel", permissions=["resolve"], url_path="confirm")  # type: ignore[untyped-decorator]  # unfold has no types
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let what is held be lost, and more if the staff wish so."""
        flag = self._flag(request, object_id)
        form = form_for(request, ConfirmForm)
        assert isinstance(form, ConfirmForm)
        return prepare_and_act(
            self,
            request,
            form.offer(flag),
            act="confirm_flag",
            parameters=lambda data: {"flag_id": flag.pk, "reverse": data["reverse"], "penalty": data["penalty"]},
            back=reverse("admin:gamification_flag_change", args=[flag.pk]),
        )

    @action(description=_("Dismiss"), icon="check", permissions=["resolve"], url_path="dismiss")  # type: ignore[untyped-decorator]  # unfold has no types
    def dismiss(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Release what is held."""
        flag = self._flag(request, object_id)
        return prepare_and_act(
            self,
            request,
            form_for(request, ActForm),
            act="dismiss_flag",
            parameters=lambda data: {"flag_id": flag.pk},
            back=reverse("admin:gamification_flag_change", args=[flag.pk]),
        )

    def _flag(self, request: HttpRequest, object_id: str) -> Flag:
        flag = self.get_object(request, object_id)
        if not isinstance(flag, Flag):
            raise Http404
        return flag
