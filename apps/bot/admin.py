"""What staff see of the bot: updates without their bodies, what was refused. Only of groups anything is decided here."""

from django.contrib import admin
from django.db.models import Model, Q
from django.utils.translation import gettext_lazy as _

from apps.bot.group_admin import GroupAdmin as GroupAdmin
from apps.bot.models import Notice, Refusal, Unreadable, Update
from apps.bot.services import bot_id
from diana.admin_search import IndexedSearch
from diana.column_values import whole_number
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


@admin.register(Update)
class UpdateAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Updates by kind and time. The body and the chat's id at Telegram are personal data and are not shown."""

    list_display = ("update_id", "kind", "person_id", "received_at", "handled_at")
    list_filter = ("kind", ("handled_at", admin.EmptyFieldListFilter))
    search_fields = ("=event_id",)
    search_help_text = _("Update's or event's id; by person: event log")
    fields = ("bot_id", "update_id", "kind", "person_id", "event_id", "received_at", "handled_at", "delete_at")
    ordering = ("-id",)
    show_full_result_count = False

    def search_alternatives(self, model: type[Model], word: str) -> list[Q]:
        """Find an update by its number at Telegram, among those of this bot: by the index that keeps it unique."""
        found = super().search_alternatives(model, word)
        number = whole_number(Update._meta.get_field("update_id"), word)
        return found if number is None else [*found, Q(bot_id=bot_id(), update_id=number)]


@admin.register(Unreadable)
class UnreadableAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Updates that could not be kept as such. The body is for operators, in the database."""

    list_display = ("received_at", "update_id", "reason")
    list_filter = ("reason",)
    search_fields = ("=update_id",)
    search_help_text = _("Update's id")
    fields = ("bot_id", "update_id", "reason", "received_at")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Notice)
class NoticeAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """What people were told or are to be told, and when."""

    list_display = ("kind", "person_id", "due_at", "done_at", "outcome")
    list_filter = ("kind", "outcome", ("done_at", admin.EmptyFieldListFilter))
    search_fields = ("=person_id", "=event_id")
    search_help_text = _("Person's id or event's id")
    fields = ("kind", "person_id", "fields", "event_id", "created_at", "due_at", "queued_at", "done_at", "outcome")
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Refusal)
class RefusalAdmin(ReadOnly, ModelAdmin):
    """Counts by reason and day."""

    list_display = ("day", "reason", "count")
    list_filter = ("reason",)
    fields = ("day", "reason", "count")
    ordering = ("-day", "reason")
    date_hierarchy = "day"
