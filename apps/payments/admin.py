"""Payments in the admin: to be read; the one act is to give a payment back, with a reason."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.payments import services
from apps.payments.models import GiftCode, Invoice, Payment, PreCheckout
from diana import clock
from diana.acts import Preview
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import confirm_and_act
from diana.readonly import ReadOnly

REASON_MAX_LENGTH = 1000
COLOURS = {"credited": "success", "problem": "danger", "asked": "warning", "refunded": "info"}


class RefundForm(forms.Form):
    """Why. The key makes a form that is sent twice one act."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept for ever beside your name."),
    )
    key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)


@admin.register(Payment)
class PaymentAdmin(IndexedSearch, ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """What came in; filter by problem for what is owed back. The payer's Telegram id is personal data and not shown."""

    list_display = ("id", "person_id", "product", "stars", "state", "problem", "paid_at", "recurring")
    list_filter = ("problem", ("refunded_at", admin.EmptyFieldListFilter), "recurring", "source", "product")
    search_fields = ("=id", "=person", "=charge")
    search_help_text = _("Payment's or person's id, or charge on receipt")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("refund",)
    fieldsets = (
        (
            None,
            {"fields": (("person_id", "state"), ("product", "stars"), ("charge", "currency"), ("paid_at", "source"))},
        ),
        (_("Subscription"), {"fields": (("recurring", "first"), "subscription_until")}),
        (_("What came of it"), {"fields": (("credited_at", "vip_grant"), ("problem", "invoice"), "received_at")}),
        (_("Refund"), {"fields": (("refund_requested_at", "refunded_at"), "refund_problem")}),
    )
    readonly_fields = ("person_id", "state")

    @display(description=_("state"), label=COLOURS)  # type: ignore[untyped-decorator]  # unfold has no types
    def state(self, payment: Payment) -> tuple[str, str]:
        """Show what became of it."""
        if payment.refunded_at is not None:
            return "refunded", _t("refunded")
        if payment.refund_requested_at is not None:
            return "asked", _t("refund refused") if payment.refund_problem else _t("refund asked for")
        return ("problem", _t("owed back")) if payment.problem else ("credited", _t("credited"))

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to refund what is not refunded."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if Payment.objects.filter(pk=object_id, refunded_at=None).exists() else []

    def has_refund_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to refund."""
        return request.user.has_perm("payments.refund_payment")

    @action(description=_("Refund"), icon="undo", permissions=["refund"], url_path="refund")  # type: ignore[untyped-decorator]  # unfold has no types
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show what it ends; then have Telegram give it back."""
        payment = self.get_object(request, object_id)
        if payment is None:
            raise Http404

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            return services.preview_refund(payment_id=payment.pk)

        def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
            how = {"reason": data["reason"], "key": data["key"], "actor": actor, "shown": shown, "now": clock.now()}
            services.request_refund(payment_id=payment.pk, **how)
            return _("Telegram is being told; what the payment gave ends as soon as the Stars are back.")

        return confirm_and_act(
            self,
            request,
            RefundForm(request.POST or None, initial={"key": uuid4().hex}),
            title=_("Refund"),
            back=reverse("admin:payments_payment_change", args=[payment.pk]),
            preview=preview,
            act=act,
            refusals=(services.NotRefundable,),
        )


@admin.register(Invoice)
class InvoiceAdmin(IndexedSearch, ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Bills; the payload would let nobody pay for another, and is not shown all the same."""

    list_display = ("id", "person_id", "product", "stars", "created_at", "expires_at", "paid_at")
    list_filter = ("product", ("paid_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=person")
    search_help_text = _("Bill's id or person's id")
    fields = ("person_id", "product", "kind", "days", "stars", "created_at", "expires_at", "paid_at")
    readonly_fields = ("person_id",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(PreCheckout)
class PreCheckoutAdmin(IndexedSearch, ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """What was answered when Telegram asked; kept for 30 days."""

    list_display = ("id", "person_id", "invoice", "verdict", "answered_at")
    list_filter = ("verdict",)
    search_fields = ("=person",)
    search_help_text = _("Person's id")
    fields = ("person_id", "invoice", "verdict", "answered_at")
    readonly_fields = ("person_id",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(GiftCode)
class GiftCodeAdmin(IndexedSearch, ReadOnly, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Gifts without their codes, which nobody here can read."""

    list_display = ("id", "buyer_id", "days", "created_at", "redeemed_by_id", "redeemed_at", "voided_at")
    list_filter = (("redeemed_at", admin.EmptyFieldListFilter), ("voided_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=buyer", "=redeemed_by")
    search_help_text = _("Gift's, buyer's or redeemer's id")
    fields = ("payment", "buyer_id", "days", "created_at", "redeemed_by_id", "redeemed_at", "vip_grant", "voided_at")
    readonly_fields = ("buyer_id", "redeemed_by_id")
    ordering = ("-id",)
    show_full_result_count = False
