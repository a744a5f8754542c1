"""The bus in the admin: what happened, how far everybody is, what failed; failures can be redriven or discarded."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.events import retries
from diana.events.models import Cursor, Delivery, Failure, StoredEvent
from diana.events.relay import lanes_behind
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


class BusAdmin(ReadOnly, ModelAdmin):
    """Rows that the bus writes and nobody else."""

    list_per_page = 50
    # Counting a log reads all of it.
    show_full_result_count = False


@admin.register(StoredEvent)
class StoredEventAdmin(IndexedSearch, BusAdmin):
    """The log, newest first; found by event id or correlation id, which shows everything that one act set off."""

    list_display = ("id", "type", "user_id", "recorded_at", "shown_payload", "correlation_id")
    list_display_links = ("id", "type")
    search_fields = ("=event_id", "=correlation_id", "=user_id")
    search_help_text = _("Event id, correlation id or person's id")
    ordering = ("-id",)
    exclude = ("payload", "key_id")
    readonly_fields = ("shown_payload",)

    @display(description=_("payload"))  # type: ignore[untyped-decorator]  # unfold has no types
    def shown_payload(self, event: StoredEvent) -> Any:
        """Show the payload as it was written; of a sealed one only that it is: the admin opens nothing."""
        return event.payload if event.key_id is None else _("sealed with key %s") % event.key_id


@admin.register(Cursor)
class CursorAdmin(BusAdmin):
    """Where each subscriber stands in each lane, and how far that is behind."""

    list_display = ("subscriber", "lane", "position", "events_behind", "handled", "rescued", "moved_at", "state")
    list_filter = ("subscriber",)
    ordering = ("subscriber", "lane")
    list_per_page = 100

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cursor]:
        """Look up the lag once for the whole page, when its first row is shown."""
        self._behind = SimpleLazyObject(lambda: {(row.subscriber.name, row.lane): row.events for row in lanes_behind()})
        rows: QuerySet[Cursor] = super().get_queryset(request)
        return rows

    @display(description=_("events behind"))  # type: ignore[untyped-decorator]  # unfold has no types
    def events_behind(self, cursor: Cursor) -> int:
        """Show how many events lie before it, if one of them is the subscriber's; 1000 at most."""
        behind: int = self._behind.get((cursor.subscriber, cursor.lane), 0)
        return behind

    @labelled(description=_("state"), label={"paused": "danger", "suspect": "warning", "works": "success"})
    def state(self, cursor: Cursor) -> tuple[str, Any]:
        """Show whether it is paused or handles events one by one."""
        if cursor.paused_until:
            return "paused", _("paused")
        return ("suspect", _("one by one")) if cursor.suspect_until else ("works", _("works"))


class ReasonForm(ActionForm):  # type: ignore[misc]  # unfold has no types
    """Why a failed delivery is redriven or discarded."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget())


@admin.register(Failure)
class FailureAdmin(IndexedSearch, BusAdmin):
    """What could not be handled. Dead letters can be given another series of attempts, or given up with a reason."""

    list_display = ("id", "subscriber", "type", "key", "status_label", "attempts", "next_attempt_at", "error")
    list_display_links = ("id", "subscriber")
    list_filter = ("status", "subscriber", "type", "failed_at")
    search_fields = ("=position", "=key")
    search_help_text = _("Position in the log or key (person's id)")
    ordering = ("-id",)
    actions = ("redrive", "discard")
    action_form = ReasonForm

    @labelled(
        description=_("status"), ordering="status", label={"dead": "danger", "retrying": "warning", "done": "success"}
    )
    def status_label(self, failure: Failure) -> tuple[str, str]:
        """Show the status in its colour."""
        return failure.status, failure.get_status_display()

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may redrive and discard."""
        return bool(request.user.has_perm("events.redrive"))

    @admin.action(description=_("Redrive dead letters"), permissions=["redrive"])
    def redrive(self, request: HttpRequest, failures: QuerySet[Failure]) -> None:
        """Give the chosen dead letters another series of attempts."""
        if reason := self._reason(request):
            count = retries.redrive(failures, reason=reason, actor=Actor.staff(request.user))
            self.message_user(request, ngettext("%d redriven.", "%d redriven.", count) % count, messages.SUCCESS)

    @admin.action(description=_("Discard dead letters"), permissions=["redrive"])
    def discard(self, request: HttpRequest, failures: QuerySet[Failure]) -> None:
        """Give the chosen dead letters up."""
        if reason := self._reason(request):
            count = retries.discard(failures, reason=reason, actor=Actor.staff(request.user))
            self.message_user(request, ngettext("%d discarded.", "%d discarded.", count) % count, messages.SUCCESS)

    def _reason(self, request: HttpRequest) -> str:
        """Return the reason; without one say so and do nothing."""
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, _("Nothing was done: write a reason beside the action."), messages.ERROR)
        return reason


@admin.register(Delivery)
class DeliveryAdmin(BusAdmin):
    """What is on its way to the outside."""

    list_display = ("id", "subscriber", "key", "position", "attempts", "next_attempt_at", "leased_until")
    list_filter = ("subscriber",)
    ordering = ("id",)
