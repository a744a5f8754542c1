"""Payments in the admin: to be read; a payment can be given back and a subscription ended, each with a reason."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.payments import services
from apps.payments.models import GiftCode, Invoice, Payment, PreCheckout, Subscription, ToldRefund
from diana import clock, second_person
from diana.acts import Preview
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly

REASON_MAX_LENGTH = 1000
COLOURS = {"credited": "success", "problem": "danger", "asked": "warning", "refunded": "info", "running": "success"}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept for ever beside your name."),
    )


class RefundForm(ReasonForm):
    """Why. The key makes a form that is sent twice one act."""

    key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)


@admin.register(Payment)
class PaymentAdmin(IndexedSearch, ReadOnly, ModelAdmin):
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
        (_("Subscription"), {"fields": (("recurring", "first"), ("subscription", "subscription_until"))}),
        (_("What came of it"), {"fields": (("credited_at", "vip_grant"), ("problem", "invoice"), "received_at")}),
        (
            _("Refund"),
            {
                "fields": (
                    ("refund_requested_at", "refunded_at"),
                    "refund_problem",
                    ("refund_attempts", "refund_next_at"),
                )
            },
        ),
    )
    readonly_fields = ("person_id", "state")
    list_select_related = ("subscription",)

    @labelled(description=_("state"), label=COLOURS)
    def state(self, payment: Payment) -> tuple[str, str]:
        """Show what became of it."""
        if payment.refunded_at is not None:
            running = payment.subscription is not None and payment.subscription.ended_at is None
            return ("problem", _t("refunded, still subscribed")) if running else ("refunded", _t("refunded"))
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
        return refund(self, request, payment, back=reverse("admin:payments_payment_change", args=[payment.pk]))


def refund(admin: ModelAdmin, request: HttpRequest, payment: Payment, *, back: str) -> HttpResponse:
    """Ask why; show what it ends and how far the limits are used up; then have Telegram give it back. Then go back."""
    what: dict[str, Any] = {"act": "refund_payment", "parameters": {"payment_id": payment.pk}}

    def preview(data: dict[str, Any], actor: Actor) -> Preview:
        return second_person.preview_act(**what, actor=actor, now=clock.now())

    def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
        how = {"reason": data["reason"], "key": data["key"], "actor": actor, "shown": shown, "now": clock.now()}
        outcome = second_person.act_or_ask(**what, **how)
        if isinstance(outcome, second_person.Asked):
            return outcome
        return _("Telegram is being told; what the payment gave ends as soon as the Stars are back.")

    return confirm_and_act(
        admin,
        request,
        RefundForm(request.POST or None, initial={"key": uuid4().hex}),
        title=_("Refund"),
        back=back,
        preview=preview,
        act=act,
        refusals=(services.NotRefundable, second_person.KeyUsed),
        password_again=True,
    )


class EndingFilter(admin.SimpleListFilter):
    """Which subscriptions Telegram is still to be asked about."""

    title = _("end")
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the choices."""
        return [("wanted", _("still to be ended")), ("done", _("ended")), ("none", _("not to be ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave the others out."""
        wanted = queryset.filter(end_requested_at__isnull=False)
        found = {
            "wanted": wanted.filter(ended_at=None),
            "done": wanted.filter(ended_at__isnull=False),
            "none": queryset.filter(end_requested_at=None),
        }
        return found.get(self.value() or "", queryset)


@admin.register(Subscription)
class SubscriptionAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Subscriptions at Telegram; filter by end for those that Telegram has refused to end. It is asked again by itself."""

    list_display = ("id", "person_id", "standing", "paid_until", "end_reason", "end_requested_at", "end_problem")
    list_filter = (EndingFilter, "state", "end_reason")
    search_fields = ("=id", "=person", "=charge")
    search_help_text = _("Subscription, person's id, or its first charge")
    fieldsets = (
        (None, {"fields": (("person_id", "standing"), "charge", ("began_at", "paid_until"), ("state", "state_at"))}),
        (
            _("End"),
            {
                "fields": (
                    ("end_reason", "end_requested_at"),
                    "end_problem",
                    ("end_attempts", "end_next_at"),
                    ("ended_at", "lapsed_at"),
                )
            },
        ),
    )
    readonly_fields = ("person_id", "standing")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("end",)

    @labelled(description=_("standing"), label=COLOURS)
    def standing(self, subscription: Subscription) -> tuple[str, str]:
        """Show whether it goes on."""
        if subscription.ended_at is not None:
            return "refunded", _t("ended")
        if subscription.end_requested_at is not None:
            return "problem", _t("still to be ended")
        if subscription.paid_until <= clock.now():
            return "asked", _t("not renewed")
        renews = subscription.state == Subscription.State.ACTIVE
        return ("running" if renews else "asked"), subscription.get_state_display()

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to end what has not ended."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if Subscription.objects.filter(pk=object_id, ended_at=None).exists() else []

    def has_end_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to end subscriptions."""
        return request.user.has_perm("payments.end_subscription")

    @action(description=_("End at Telegram"), icon="cancel", permissions=["end"], url_path="end")  # type: ignore[untyped-decorator]  # unfold has no types
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show what it does; then have Telegram charge no more."""
        subscription = self.get_object(request, object_id)
        if subscription is None:
            raise Http404

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            return services.preview_end(subscription_id=subscription.pk)

        def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
            how = {"reason": data["reason"], "actor": actor, "shown": shown, "now": clock.now()}
            services.end_subscription(subscription_id=subscription.pk, **how)
            return _("Telegram is being told to charge no more; the VIP that was paid for stays.")

        return confirm_and_act(
            self,
            request,
            ReasonForm(request.POST or None),
            title=_("End at Telegram"),
            back=reverse("admin:payments_subscription_change", args=[subscription.pk]),
            preview=preview,
            act=act,
            refusals=(services.NothingToEnd,),
        )


@admin.register(ToldRefund)
class ToldRefundAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Refunds that Telegram told and no payment took. Unknown charges wait for their payments; the rest is to be looked at."""

    list_display = ("id", "charge", "person_id", "stars", "problem", "source", "told_at", "settled_at")
    list_filter = ("problem", ("settled_at", admin.EmptyFieldListFilter), "source")
    search_fields = ("=charge", "=person")
    search_help_text = _("Telegram's charge or person's id")
    fields = ("charge", "person_id", "stars", "problem", "source", "told_at", "settled_at")
    readonly_fields = ("person_id",)
    ordering = ("-id",)
    show_full_result_count = False


@admin.register(Invoice)
class InvoiceAdmin(IndexedSearch, ReadOnly, ModelAdmin):
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
class PreCheckoutAdmin(IndexedSearch, ReadOnly, ModelAdmin):
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
class GiftCodeAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Gifts without their codes, which nobody here can read."""

    list_display = ("id", "buyer_id", "days", "created_at", "redeemed_by_id", "redeemed_at", "voided_at")
    list_filter = (("redeemed_at", admin.EmptyFieldListFilter), ("voided_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "=buyer", "=redeemed_by")
    search_help_text = _("Gift's, buyer's or redeemer's id")
    fields = ("payment", "buyer_id", "days", "created_at", "redeemed_by_id", "redeemed_at", "vip_grant", "voided_at")
    readonly_fields = ("buyer_id", "redeemed_by_id")
    ordering = ("-id",)
    show_full_result_count = False
