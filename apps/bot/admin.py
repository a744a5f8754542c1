"""What staff see of the bot: updates without their bodies, what was refused. Nothing can be changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.bot.models import Refusal, Update


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A list and its details; nobody adds, changes or deletes, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows come from the webhook alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What happened stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Old updates are deleted by a periodic task."""
        return False


@admin.register(Update)
class UpdateAdmin(ReadOnlyAdmin):
    """Updates by kind and time. The body and the chat's id at Telegram are personal data and are not shown."""

    list_display = ("update_id", "kind", "person_id", "received_at", "handled_at")
    list_filter = ("kind", ("handled_at", admin.EmptyFieldListFilter))
    search_fields = ("=update_id", "=person_id", "=event_id")
    fields = ("bot_id", "update_id", "kind", "person_id", "event_id", "received_at", "handled_at")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    """Counts by reason and day."""

    list_display = ("day", "reason", "count")
    list_filter = ("reason",)
    fields = ("day", "reason", "count")
    ordering = ("-day", "reason")
    date_hierarchy = "day"
