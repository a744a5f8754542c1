"""Giving VIP and taking it back in the admin: both with a reason, both through the services, neither to be edited."""

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from apps.users import selectors, services, vip
from apps.users.admin.giving import give_or_ask
from apps.users.models import REASON_MAX_LENGTH, Grant, Person
from apps.users.promises import promises_from
from diana import clock
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import ConfirmedAdd, confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

# Purchases and subscriptions come with a payment, never by hand.
BY_HAND = (Grant.Source.STAFF, Grant.Source.GIFT, Grant.Source.PROMO, Grant.Source.TRIAL)
LIVE, OVER = "live", "over"
FOR_EVER = _("Kept for ever beside your name.")


def reason_field(help_text: "StrOrPromise" = FOR_EVER) -> forms.CharField:
    """Return the field for the reason, which the audit record keeps."""
    return forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=help_text,
    )


class GrantForm(forms.ModelForm[Grant]):
    """What staff decide about a new grant; the rest follows."""

    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=services.LONGEST.days,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Added to the VIP that the person has."),
    )
    reason = reason_field()
    # "key" is a field of the model that nobody edits.
    act_key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)

    class Meta:
        model = Grant
        fields = ("person", "source")

    def clean_person(self) -> Person:
        """Refuse those who are gone."""
        person: Person = self.cleaned_data["person"]
        if person.status == Person.Status.ERASED:
            raise forms.ValidationError(_("This person was erased: nothing can be done for them any more."))
        return person


class ReasonForm(forms.Form):
    """Why. The key makes a form that is sent twice one act."""

    reason = reason_field()
    key = forms.RegexField(r"^[a-z0-9]{1,64}$", widget=forms.HiddenInput)


class SpansOfGrants:
    """Shows when grants count, as it follows from all that their person was given; a page of them reads it at once."""

    @admin.display(description=_("given"))
    def given(self, grant: Grant) -> str:
        """Show the days that were given, or that it is a window."""
        if grant.duration is None:
            return _t("until a moment")
        days = grant.duration / timedelta(days=1)
        return ngettext("%(days)s day", "%(days)s days", ceil(days)) % {"days": f"{days:g}"}

    @admin.display(description=_("counts from"))
    def counts_from(self, grant: Grant) -> str | None:
        """Show when it begins to count; nothing if it was revoked before."""
        span = _span_of(grant)
        return date_format(localtime(span[0]), "DATETIME_FORMAT") if span else None

    @admin.display(description=_("counts until"))
    def counts_until(self, grant: Grant) -> str | None:
        """Show when it ends, or ended by being revoked."""
        span = _span_of(grant)
        return date_format(localtime(span[1]), "DATETIME_FORMAT") if span else None


def _span_of(grant: Grant) -> vip.Span | None:
    person = grant.person
    return promises_from(person.grants.all(), person.vip_overrides.all()).spans[grant.pk]


@admin.register(Grant)
class GrantAdmin(IndexedSearch, SpansOfGrants, ConfirmedAdd, ReadOnly, ModelAdmin):
    """Added and revoked by those who have the permission; seen by those who may view."""

    form = GrantForm
    autocomplete_fields = ("person",)
    prefilled = ("person",)
    list_display = ("id", "person", "source", "given", "counts_from", "counts_until", "state", "granted_by", "reason")
    list_filter = ("source",)
    list_select_related = ("person",)
    search_fields = ("=person", "=person__telegram_id", "=payment_reference")
    search_help_text = _("Person's id, Telegram id or payment reference")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("revoke",)
    add_fieldsets = ((None, {"fields": ("person", ("source", "days"), "reason", "act_key")}),)
    fieldsets = (
        (None, {"fields": (("person", "state"), ("source", "payment_reference"), "reason")}),
        (_("When it counts"), {"fields": (("given", "starts_at"), ("counts_from", "counts_until"))}),
        (_("By whom"), {"fields": ("granted_by", ("revoked_at", "revoked_by"))}),
    )
    readonly_fields = ("state", "given", "counts_from", "counts_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Grant]:
        """Read all that the people of the page were given at once."""
        grants: QuerySet[Grant] = super().get_queryset(request)
        return grants.select_related("person").prefetch_related("person__grants", "person__vip_overrides")

    @labelled(description=_("state"), label={LIVE: "success", OVER: "info", "revoked": "danger"})
    def state(self, grant: Grant) -> tuple[str, str]:
        """Show whether it counts."""
        if grant.revoked_at is not None:
            return "revoked", _t("revoked")
        span = _span_of(grant)
        return (LIVE, _t("counts")) if span and span[1] > clock.now() else (OVER, _t("over"))

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only the sources that are given by hand."""
        choices = [(choice.value, choice.label) for choice in BY_HAND]
        return super().formfield_for_choice_field(db_field, request, **kwargs, choices=choices)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask for the permission to add grants."""
        return request.user.has_perm("users.add_grant")

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to revoke grants."""
        return request.user.has_perm("users.revoke_grant")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with a fresh key, which makes a form that is sent twice one act."""
        return {**super().get_changeform_initial_data(request), "act_key": uuid4().hex}

    def confirm_addition(self, request: HttpRequest, form: GrantForm) -> HttpResponse:
        """Show what it comes to; given, or asked for, is what was shown."""
        return give_or_ask(
            self,
            request,
            form,
            act="grant_vip",
            parameters=lambda data: {"person_id": data["person"].pk, "source": data["source"], "days": data["days"]},
            done=lambda grant: _t("%(grant)s was given, and recorded.") % {"grant": grant},
            key_field="act_key",
            back=reverse("admin:users_person_change", args=[form.cleaned_data["person"].pk]),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to revoke only what still counts."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        grant = Grant.objects.filter(pk=object_id).first()
        lasting = selectors.lasting_grants(grant.person_id, clock.now()) if grant else []
        return offered if grant and grant.pk in lasting else []

    @action(description=_("Revoke"), icon="block", permissions=["revoke"], url_path="revoke")  # type: ignore[untyped-decorator]  # unfold has no types
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, show what is left, then take the grant back."""
        grant = self.get_object(request, object_id)
        if grant is None:
            raise Http404

        def act(data: dict[str, Any], actor: Actor, shown: str) -> str:
            services.revoke_grant(grant_id=grant.pk, reason=data["reason"], actor=actor, now=clock.now(), shown=shown)
            return _what_is_left(grant)

        return confirm_and_act(
            self,
            request,
            ReasonForm(request.POST or None, initial={"key": uuid4().hex}),
            title=_("Revoke %(grant)s") % {"grant": grant},
            back=reverse("admin:users_grant_change", args=[grant.pk]),
            preview=lambda data, actor: services.preview_revocation(grant_id=grant.pk, now=clock.now()),
            act=act,
            refusals=(services.GrantOver, services.PersonGone),
        )


def _what_is_left(grant: Grant) -> str:
    """Say what revoking came to: other grants may give as much."""
    until = selectors.effective_vip(grant.person_id, clock.now())
    if until is None:
        return _t("%(grant)s was revoked. %(person)s is VIP no more.") % {"grant": grant, "person": grant.person}
    end = date_format(localtime(until), "DATETIME_FORMAT")
    text = _t("%(grant)s was revoked. Through other grants %(person)s stays VIP until %(end)s.")
    return text % {"grant": grant, "person": grant.person, "end": end}
