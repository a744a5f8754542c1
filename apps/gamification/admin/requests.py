"""Acts that wait for a second person."""

import json
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.gamification import services
from apps.gamification.admin.acting import ActForm, form_for
from apps.gamification.models import StaffRequest
from apps.gamification.services import PointsError
from apps.users.selectors import UnknownPerson
from diana import clock, second_person
from diana.acts import Change, Preview
from diana.admin_search import IndexedSearch
from diana.confirming import confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


@admin.register(StaffRequest)
class StaffRequestAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """What was asked for; approved or refused by those who may, and did not ask themselves."""

    list_display = ("id", "act", "at_stake", "asked_by", "asked_at", "status_label", "decided_by", "expires_at")
    list_filter = ("status", "act")
    search_fields = ("=id", "=asked_by", "=decided_by", "~reason")
    search_help_text = _("Request, asker, decider, words of the reason")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("approve", "refuse")
    fieldsets = (
        (None, {"fields": (("act", "status_label"), "at_stake", "what", "reason")}),
        (_("Who"), {"fields": (("asked_by", "asked_origin"), ("asked_at", "expires_at"))}),
        (_("Decision"), {"fields": (("decided_by", "decided_at"), "decision")}),
    )
    readonly_fields = ("status_label", "at_stake", "what")

    @labelled(
        description=_("status"),
        ordering="status",
        label={"pending": "warning", "approved": "success", "refused": "danger", "expired": "info"},
    )
    def status_label(self, asked: StaffRequest) -> tuple[str, str]:
        """Show the status in its colour."""
        return asked.status, asked.get_status_display()

    @admin.display(description=_("at stake"))
    def at_stake(self, asked: StaffRequest) -> str:
        """Show how much of what is given or taken."""
        known = second_person.ACTS.get(asked.act)
        return f"{asked.points} {known.unit if known else _('points')}"

    @admin.display(description=_("what"))
    def what(self, asked: StaffRequest) -> str:
        """Show the parameters, one a line."""
        return format_html(
            '<pre class="whitespace-pre-wrap">{}</pre>', json.dumps(asked.parameters, indent=2, ensure_ascii=False)
        )

    def has_approve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to approve acts of others."""
        return request.user.has_perm("gamification.approve_act")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to decide about what waits and somebody else asked for."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        waiting = StaffRequest.objects.filter(pk=object_id, status="pending", expires_at__gt=clock.now())
        return offered if waiting.exclude(asked_by_id=request.user.pk).exists() else []

    @action(description=_("Approve"), icon="check", permissions=["approve"], url_path="approve")  # type: ignore[untyped-decorator]  # unfold has no types
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the act would change, then do it in the asker's name."""
        asked = self._asked(request, object_id)

        def act(data: dict[str, Any], actor: Any, shown: str) -> Any:
            services.approve(request_id=asked.pk, reason=data["reason"], actor=actor, now=clock.now(), shown=shown)
            return _("Approved, done, and recorded.")

        return confirm_and_act(
            self,
            request,
            form_for(request, ActForm),
            title=_("Approve"),
            back=reverse("admin:gamification_staffrequest_change", args=[asked.pk]),
            preview=lambda data, actor: services.preview_request(request=asked, actor=actor, now=clock.now()),
            act=act,
            refusals=(PointsError, UnknownPerson, *_refusals(asked)),
        )

    @action(description=_("Refuse"), icon="block", permissions=["approve"], url_path="refuse")  # type: ignore[untyped-decorator]  # unfold has no types
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, show it; nothing of what was asked for is done."""
        asked = self._asked(request, object_id)
        status = StaffRequest.Status

        def preview(data: dict[str, Any], actor: Any) -> Preview:
            if asked.status != status.PENDING or asked.expires_at <= clock.now():
                raise services.AlreadyDecided(asked)
            return Preview((Change(str(_("status")), status.PENDING.label, status.REFUSED.label),), status.REFUSED)

        def act(data: dict[str, Any], actor: Any, shown: str) -> Any:
            services.refuse(request_id=asked.pk, reason=data["reason"], actor=actor, now=clock.now())
            return _("Done, and recorded.")

        return confirm_and_act(
            self,
            request,
            form_for(request, ActForm),
            title=_("Refuse"),
            back=reverse("admin:gamification_staffrequest_change", args=[asked.pk]),
            preview=preview,
            act=act,
            refusals=(PointsError,),
        )

    def _asked(self, request: HttpRequest, object_id: str) -> StaffRequest:
        asked = self.get_object(request, object_id)
        if not isinstance(asked, StaffRequest):
            raise Http404
        return asked


def _refusals(asked: StaffRequest) -> tuple[type[Exception], ...]:
    """Return what an act of another app refuses with."""
    known = second_person.ACTS.get(asked.act)
    return known.refusals if known else ()
