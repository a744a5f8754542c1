"""The audit record in the admin: to be read, by those who may, and by nobody changed."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from diana.admin_search import IndexedSearch
from diana.audit.models import AuditRecord
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


@admin.register(AuditRecord)
class AuditRecordAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Newest first; found by object, actor or reason."""

    list_display = ("at", "actor", "origin_label", "act", "object_type", "object_id", "reason")
    list_display_links = ("at", "act")
    list_filter = ("origin", "act", "object_type")
    # The records of one object.
    linked = ("object_type__exact", "object_id__exact")
    search_fields = ("=object_id", "=actor", "~reason")
    search_help_text = _("Object's id, actor, or words of the reason")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": (("act", "at"), ("object_type", "object_id"), "reason")}),
        (_("Who"), {"fields": (("actor", "actor_id"), ("origin", "address"), "correlation_id")}),
        (_("What the database saw"), {"fields": (("written_as", "written_in", "written_at"),)}),
        (_("What changed"), {"fields": (("before_text", "after_text"),)}),
    )
    readonly_fields = ("before_text", "after_text")

    @labelled(description=_("origin"), ordering="origin", label={"command": "warning", "shell": "danger"})
    def origin_label(self, record: AuditRecord) -> tuple[str, str]:
        """Show where it came from; what did not go through the admin stands out."""
        return record.origin, record.get_origin_display()

    @admin.display(description=_("before"))
    def before_text(self, record: AuditRecord) -> str:
        """Show what was, one value a line."""
        return _readable(record.before)

    @admin.display(description=_("after"))
    def after_text(self, record: AuditRecord) -> str:
        """Show what is, one value a line."""
        return _readable(record.after)


def _readable(value: Any) -> str:
    if value is None:
        return "–"
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)
