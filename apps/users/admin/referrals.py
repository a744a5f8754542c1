"""Who came by whose link, and what came of it; numbers only, nothing can be changed here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.users.models import Referral
from diana.admin_search import IndexedSearch
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


@admin.register(Referral)
class ReferralAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Invitations, the newest first; found by the id of either person."""

    list_display = ("invitee_id", "referrer_id", "status", "referred_at", "active_days", "points", "paid_at", "lost_at")
    list_filter = ("status",)
    search_fields = ("=invitee", "=referrer")
    search_help_text = _("Id of who was invited, or of who invited")
    fields = (
        "invitee",
        "referrer",
        "status",
        "referred_at",
        "tutorial_at",
        "active_days",
        "points",
        "qualified_at",
        "paid_at",
        "lost_at",
    )
    ordering = ("-id",)
    show_full_result_count = False
