"""What people want given back: accepted by the refund of the payment, or declined with a sentence that they are told."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.payments import services
from apps.payments.admin.payments import refund
from apps.payments.models import RefundRequest
from apps.payments.services.refund_requests import ANSWER_MAX_LENGTH
from apps.users import selectors as people
from apps.users import services as users
from diana import clock
from diana.acts import Preview
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly

COLOURS = {"open": "warning", "accepted": "success", "declined": "danger", "withdrawn": "info"}
LANGUAGES = {"en": _("English"), "es": _("Spanish"), "ru": _("Russian")}


class DeclineForm(forms.Form):
    """The sentence that the person is told."""

    answer = forms.CharField(
        label=_("Answer"), max_length=ANSWER_MAX_LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *given: Any, language: str, **named: Any) -> None:
        super().__init__(*given, **named)
        help_text = _t(
            "One sentence, which the person is sent as it stands and which the audit record keeps. They read: %(language)s."
        )
        self.fields["answer"].help_text = help_text % {"language": LANGUAGES.get(language, language)}


@admin.register(RefundRequest)
class RefundRequestAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Requests of people to have a payment given back; filter by state for what waits."""

    list_display = ("id", "person_id", "payment", "stars", "how", "asked_at", "decided_at")
    list_filter = ("state",)
    search_fields = ("=id", "=person", "=payment")
    search_help_text = _("Request's, person's or payment's id")
    fields = (("person_id", "payment", "stars"), ("how", "asked_at", "decided_at"), "answer")
    readonly_fields = ("person_id", "stars", "how")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("payment",)
    actions_detail = ("accept", "decline")

    @labelled(description=_("state"), label=COLOURS)
    def how(self, request: RefundRequest) -> tuple[str, str]:
        """Show whether it waits."""
        return request.state, request.get_state_display()

    @admin.display(description=_("Stars"))
    def stars(self, request: RefundRequest) -> int:
        """Show how many Stars it is about."""
        return request.payment.stars

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer both for what is open."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if RefundRequest.objects.filter(pk=object_id, state=RefundRequest.State.OPEN).exists() else []

    def has_refund_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to refund: whoever may give back may decline to."""
        return request.user.has_perm("payments.refund_payment")

    @action(description=_("Accept: refund"), icon="undo", permissions=["refund"], url_path="accept")  # type: ignore[untyped-decorator]  # unfold has no types
    def accept(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Refund the payment, by the same act as from its own page."""
        asked = self._asked(request, object_id)
        return refund(self, request, asked.payment, back=_page(asked))

    @action(description=_("Decline"), icon="block", permissions=["refund"], url_path="decline")  # type: ignore[untyped-decorator]  # unfold has no types
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a sentence; then send it to the person."""
        asked = self._asked(request, object_id)

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            return services.preview_decline(request_id=asked.pk)

        def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
            how = {"answer": data["answer"], "actor": actor, "shown": shown, "now": clock.now()}
            services.decline_refund(request_id=asked.pk, **how)
            return _("The person is being told.")

        return confirm_and_act(
            self,
            request,
            DeclineForm(request.POST or None, language=people.profile(asked.person_id).language),
            title=_("Decline"),
            back=_page(asked),
            preview=preview,
            act=act,
            refusals=(services.AlreadyDecided, users.PersonGone),
        )

    def _asked(self, request: HttpRequest, object_id: str) -> RefundRequest:
        found: RefundRequest | None = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found


def _page(asked: RefundRequest) -> str:
    return reverse("admin:payments_refundrequest_change", args=[asked.pk])
