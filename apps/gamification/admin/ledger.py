"""Accounts and the ledger: to be read by those who may; points are given and taken back on pages of their own."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.gamification import explaining
from apps.gamification.admin.acting import ActForm, AmountForm, TierForm, form_for, prepare_and_act
from apps.gamification.corrections import act_of
from apps.gamification.decide.corrections import is_reversible
from apps.gamification.decide.levels import level_of
from apps.gamification.models import Account, Entry
from apps.gamification.titles import localized
from diana.admin_search import IndexedSearch
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly


@admin.register(Account)
class AccountAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Who has how much, by lifetime points."""

    list_display = ("person", "balance", "lifetime", "level", "sequence", "lifetime_at")
    list_select_related = ("person",)
    search_fields = ("=person", "=person__telegram_id")
    search_help_text = _("Person's id or Telegram id")
    ordering = ("-lifetime", "pk")
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("award_points", "repair_streak", "grant_achievement")
    fields = ("person", ("balance", "lifetime"), ("level", "sequence"), ("lifetime_at", "opened_at"))
    readonly_fields = ("level",)

    @admin.display(description=_("level"), ordering="lifetime")
    def level(self, account: Account) -> str:
        """Show level and title."""
        level = level_of(account.lifetime)
        return f"{level} · {localized(level)}"

    def has_award_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to award and take points."""
        return request.user.has_perm("gamification.award_points")

    @action(description=_("Give or take points"), icon="exposure", permissions=["award"], url_path="award")  # type: ignore[untyped-decorator]  # unfold has no types
    def award_points(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how much and why, then write the entry."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return prepare_and_act(
            self,
            request,
            form_for(request, AmountForm),
            act="award_points",
            parameters=lambda data: {"person_id": account.pk, "amount": data["amount"]},
            back=reverse("admin:gamification_account_change", args=[account.pk]),
        )

    @action(description=_("Repair the streak"), icon="mode_heat", permissions=["award"], url_path="repair-streak")  # type: ignore[untyped-decorator]  # unfold has no types
    def repair_streak(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, show what it restores, then bridge what broke the streak."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return prepare_and_act(
            self,
            request,
            form_for(request, ActForm),
            act="repair_streak",
            parameters=lambda data: {"person_id": account.pk},
            back=reverse("admin:gamification_account_change", args=[account.pk]),
        )

    def has_grant_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to grant achievements."""
        return request.user.has_perm("gamification.grant_achievement")

    @action(description=_("Give an achievement"), icon="trophy", permissions=["grant"], url_path="grant")  # type: ignore[untyped-decorator]  # unfold has no types
    def grant_achievement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which and why, show what it changes, then give it."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        return prepare_and_act(
            self,
            request,
            form_for(request, TierForm),
            act="grant_achievement",
            parameters=lambda data: {
                "person_id": account.pk,
                "achievement": data["achievement"],
                "tier": data["tier"],
            },
            back=reverse("admin:gamification_account_change", args=[account.pk]),
        )


@admin.register(Entry)
class EntryAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """The ledger, the newest first, each entry with its why."""

    list_display = (
        "id",
        "account_id",
        "kind_label",
        "amount",
        "balance_after",
        "rule",
        "multipliers",
        "note",
        "occurred_at",
    )
    list_filter = ("kind",)
    search_fields = ("=id", "=account", "=idempotency_key")
    search_help_text = _("Entry, person's id, event's id or key")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("reverse_entry",)
    fieldsets = (
        (None, {"fields": ("why", ("account_id", "sequence"), ("kind_label", "amount"), "reason_text")}),
        (_("After it"), {"fields": (("balance_after", "lifetime_after"),)}),
        (_("How it came about"), {"fields": (("rule", "rule_version"), ("base", "multipliers", "note"), "event_id")}),
        (
            _("Proof"),
            {"fields": (("occurred_at", "recorded_at"), "idempotency_key", "previous_hash_text", "hash_text")},
        ),
    )
    readonly_fields = ("why", "account_id", "kind_label", "reason_text", "previous_hash_text", "hash_text")

    def search_alternatives(self, model: type[Model], word: str) -> list[Q]:
        """Find the entries of an event by their keys, which begin with it: the event's own column has no index."""
        found = super().search_alternatives(model, word)
        with suppress(ValueError):
            found.append(Q(idempotency_key__startswith=f"{UUID(word).hex}:"))
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        """Read the reasons along."""
        found: QuerySet[Entry] = super().get_queryset(request)
        return found.select_related("reason")

    @labelled(
        description=_("kind"),
        ordering="kind",
        label={
            "award": "success",
            "staff_award": "info",
            "suppressed": "warning",
            "penalty": "danger",
            "reversal": "danger",
        },
    )
    def kind_label(self, entry: Entry) -> tuple[str, str]:
        """Show the kind, in the colour of what it does."""
        return entry.kind, entry.get_kind_display()

    @admin.display(description=_("why"))
    def why(self, entry: Entry) -> str:
        """Say in sentences how it came about."""
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in explaining.explain(entry).words))

    @admin.display(description=_("reason"))
    def reason_text(self, entry: Entry) -> str:
        """Show the words of staff, unless they were erased."""
        return entry.reason.text if hasattr(entry, "reason") else "–"

    @admin.display(description=_("hash before"))
    def previous_hash_text(self, entry: Entry) -> str:
        """Show the hash in hex."""
        return bytes(entry.previous_hash).hex()

    @admin.display(description=_("hash"))
    def hash_text(self, entry: Entry) -> str:
        """Show the hash in hex."""
        return bytes(entry.hash).hex()

    def has_reverse_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to reverse entries."""
        return request.user.has_perm("gamification.reverse_entry")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to reverse only what can be."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        entry = Entry.objects.filter(pk=object_id).first()
        can_be = entry is not None and is_reversible(act_of(entry))
        return offered if can_be and not Entry.objects.filter(reverses=object_id).exists() else []

    @action(description=_("Reverse"), icon="undo", permissions=["reverse"], url_path="reverse")  # type: ignore[untyped-decorator]  # unfold has no types
    def reverse_entry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then take the entry back."""
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        return prepare_and_act(
            self,
            request,
            form_for(request, ActForm),
            act="reverse_entry",
            parameters=lambda data: {"entry_id": entry.pk},
            back=reverse("admin:gamification_entry_change", args=[entry.pk]),
        )
