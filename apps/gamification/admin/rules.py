"""Rules and bonuses: a change is a new version; rules are switched on and off with a reason."""

from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSplitDateTimeWidget

from apps.gamification import loading, services
from apps.gamification.admin.acting import ActForm, confirm_switch, form_for, reason_field
from apps.gamification.admin.previewing import Previewed
from apps.gamification.decide.rules import Multipliers
from apps.gamification.models import MultiplierVersion, Rule, RuleVersion
from diana import clock
from diana.acts import Change, Preview, StateChanged
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import ADD_TEMPLATE, ConfirmedAdd, confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin, TabularInline
from diana.readonly import ReadOnly

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise


class VersionInline(ReadOnly, TabularInline):
    """All versions of a rule, the newest first."""

    model = RuleVersion
    fields = ("version", "active_from", "event_type", "base", "limits", "capped", "multiplied", "created_by")
    tab = True


@admin.register(Rule)
class RuleAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """What earns points, and what does not at the moment."""

    list_display = ("title", "key", "state", "base", "event_type")
    list_filter = ("active",)
    search_fields = ("key", "title")
    search_help_text = _("Part of the key or title")
    ordering = ("-active", "key")
    fields = (("title", "key"), "state")
    readonly_fields = ("state",)
    inlines = (VersionInline,)
    actions_detail = ("switch",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        """Read the versions along."""
        found: QuerySet[Rule] = super().get_queryset(request)
        return found.prefetch_related("versions")

    @labelled(description=_("state"), label={"active": "success", "inactive": "warning"})
    def state(self, rule: Rule) -> tuple[str, str]:
        """Show whether it pays."""
        return ("active", str(_("active"))) if rule.active else ("inactive", str(_("inactive")))

    @admin.display(description=_("base points"))
    def base(self, rule: Rule) -> object:
        """Show the newest version's base, or its table."""
        newest = next(iter(rule.versions.all()), None)
        if newest is None:
            return "–"
        return newest.amounts["table"] if newest.amounts else newest.base

    @admin.display(description=_("event type"))
    def event_type(self, rule: Rule) -> str:
        """Show the newest version's event type."""
        newest = next(iter(rule.versions.all()), None)
        return newest.event_type if newest else "–"

    def has_switch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to change rules."""
        return request.user.has_perm("gamification.change_rule")

    @action(description=_("Switch on or off"), icon="toggle_on", permissions=["switch"], url_path="switch")  # type: ignore[untyped-decorator]  # unfold has no types
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then let the rule pay or stop it."""
        # Addresses hold a key's underscores quoted.
        rule = self.get_object(request, unquote(object_id))
        if rule is None:
            raise Http404
        return confirm_switch(
            self,
            request,
            active=rule.active,
            back=reverse("admin:gamification_rule_change", args=[rule.pk]),
            note=_(
                "It counts for what happens from then on: what was paid stays, and nothing is paid for what lies back."
            ),
            switch=lambda data, actor: services.set_rule_active(
                rule=rule.pk, active=not rule.active, reason=data["reason"], actor=actor, now=clock.now()
            ),
        )


class RuleVersionForm(forms.ModelForm[RuleVersion]):
    """A new version of a rule; refused here if it could not work."""

    reason = reason_field()

    class Meta:
        model = RuleVersion
        fields = (
            "rule",
            "active_from",
            "event_type",
            "base",
            "limits",
            "conditions",
            "amounts",
            "capped",
            "multiplied",
        )

    def clean(self) -> dict[str, Any]:
        """Ask the service whether the version could work."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            values = {name: value for name, value in data.items() if name != "reason"}
            values |= {"limits": values["limits"] or [], "conditions": values["conditions"] or []}
            try:
                services.check_version(RuleVersion(version=1, **values), clock.now())
            except services.InvalidRule as error:
                raise forms.ValidationError(str(error)) from error
        return data


class VersionAdmin(ReadOnly, ModelAdmin):
    """Versions are shown first, added by those who may, and never changed."""

    add_form_template = ADD_TEMPLATE
    ordering = ("-created_at",)
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to add versions."""
        return request.user.has_perm(f"{self.opts.app_label}.add_{self.opts.model_name}")


@admin.register(RuleVersion)
class RuleVersionAdmin(Previewed, VersionAdmin):
    """How rules paid and pay; what a new version would have paid is shown before it is added."""

    form = RuleVersionForm
    list_display = ("rule", "version", "active_from", "event_type", "base", "capped", "multiplied", "created_by")
    list_filter = ("rule",)
    list_select_related = ("rule",)

    def save_model(self, request: HttpRequest, obj: RuleVersion, form: RuleVersionForm, change: bool) -> None:
        """Add the version through the service."""
        data = form.cleaned_data
        added = services.add_rule_version(
            rule=obj.rule_id,
            active_from=obj.active_from,
            event_type=obj.event_type,
            base=obj.base,
            limits=obj.limits or [],
            conditions=obj.conditions or [],
            amounts=obj.amounts,
            capped=obj.capped,
            multiplied=obj.multiplied,
            reason=data["reason"],
            actor=Actor.staff(request.user),
            now=min(clock.now(), obj.active_from),
        )
        obj.pk = added.pk
        obj.refresh_from_db()


class MultiplierVersionForm(forms.ModelForm[MultiplierVersion]):
    """A new version of the bonuses; refused here if it could not work."""

    reason = reason_field()

    class Meta:
        model = MultiplierVersion
        fields = ("active_from", "config")

    def clean(self) -> dict[str, Any]:
        """Ask the service whether the bonuses could work."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                services.checked_multipliers(data["config"], data["active_from"], clock.now())
            except services.InvalidRule as error:
                raise forms.ValidationError(str(error)) from error
        return data


class WindowForm(ActForm):
    """A time in which everything earns more, and why. Times are in UTC."""

    percent = forms.DecimalField(
        label=_("Bonus, per cent"),
        min_value=Decimal("0.01"),
        max_value=1000,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(),
        help_text=_("100 doubles what is earned. All windows together may give at most what the bonuses allow."),
    )
    starts = forms.SplitDateTimeField(
        label=_("Starts, UTC"), widget=UnfoldAdminSplitDateTimeWidget(), help_text=_("Date and time in UTC, not yours.")
    )
    ends = forms.SplitDateTimeField(
        label=_("Ends, UTC"), widget=UnfoldAdminSplitDateTimeWidget(), help_text=_("From this moment on it is over.")
    )
    field_order = ["percent", "starts", "ends", "reason", "key"]


@admin.register(MultiplierVersion)
class MultiplierVersionAdmin(ConfirmedAdd, VersionAdmin):
    """Bonuses, the clamp and the daily cap."""

    form = MultiplierVersionForm
    list_display = ("version", "active_from", "windows_label", "created_by", "created_at")
    actions_list = ("add_window",)

    @admin.display(description=_("times with a bonus, UTC"))
    def windows_label(self, version: MultiplierVersion) -> str:
        """Show the windows of the version."""
        windows = loading.multipliers_of(version).config.windows
        return "; ".join(
            f"+{w.basis_points / 100:g} % {w.starts.astimezone(UTC):%Y-%m-%d %H:%M} – {w.ends.astimezone(UTC):%Y-%m-%d %H:%M}"
            for w in windows
        )

    def has_window_permission(self, request: HttpRequest) -> bool:
        """Ask for the permission to add versions of the bonuses."""
        return self.has_add_permission(request)

    @action(description=_("Add a time with a bonus"), icon="celebration", permissions=["window"], url_path="add-window")  # type: ignore[untyped-decorator]  # unfold has no types
    def add_window(self, request: HttpRequest) -> HttpResponse:
        """Ask how much, from when to when and why, then add the version."""
        return confirm_and_act(
            self,
            request,
            form_for(request, WindowForm),
            title=_("Add a time with a bonus (UTC)"),
            back=reverse("admin:gamification_multiplierversion_changelist"),
            preview=_preview_window,
            act=_add_window,
            refusals=(services.PointsError,),
        )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the newest version."""
        newest = MultiplierVersion.objects.first()
        return {"config": newest.config if newest else {}}

    def confirm_addition(self, request: HttpRequest, form: MultiplierVersionForm) -> HttpResponse:
        """Show what is another than in the newest version, then add the version through the service."""
        return confirm_and_act(
            self,
            request,
            form,
            title=_("Add a version of the bonuses"),
            back=reverse("admin:gamification_multiplierversion_changelist"),
            preview=_preview_bonuses,
            act=_add_bonuses,
            refusals=(services.InvalidRule,),
        )


def _preview_bonuses(data: dict[str, Any], actor: Actor) -> Preview:
    newest = MultiplierVersion.objects.first()
    before = newest.config if newest else {}
    after = msgspec.to_builtins(msgspec.convert(data["config"], Multipliers))
    number = newest.version if newest else 0
    changes = [Change(name, before.get(name, "–"), value) for name, value in after.items() if before.get(name) != value]
    return Preview((Change(_t("version"), number, number + 1), *changes), f"{number}")


def _add_bonuses(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
    if _preview_bonuses(data, actor).effect != shown:
        raise StateChanged(StateChanged.__doc__)
    services.add_multiplier_version(
        active_from=data["active_from"],
        config=data["config"],
        reason=data["reason"],
        actor=actor,
        now=min(clock.now(), data["active_from"]),
    )
    return _("Done, and recorded.")


def _preview_window(data: dict[str, Any], actor: Actor) -> Preview:
    """Say what the window is, by adding it and taking it back."""
    with transaction.atomic():
        _window(data | {"key": f"preview{uuid4().hex}"}, actor)
        transaction.set_rollback(True)
    starts, ends = (f"{data[name].astimezone(UTC):%Y-%m-%d %H:%M}" for name in ("starts", "ends"))
    bonus = f"+{data['percent']:f} %, {starts} – {ends} UTC"
    return Preview((Change(_t("time with a bonus"), "–", bonus),), bonus)


def _add_window(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
    _window(data, actor)
    return _("Done, and recorded.")


def _window(data: dict[str, Any], actor: Actor) -> MultiplierVersion:
    return services.add_event_window(
        basis_points=int(data["percent"] * 100),
        starts=data["starts"],
        ends=data["ends"],
        reason=data["reason"],
        actor=actor,
        now=clock.now(),
        key=data["key"],
    )
