"""VIP on the person's page and for chosen people: extended, forced on or off, cleared; each shown first, with a reason."""

from datetime import UTC
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminSplitDateTimeWidget

from apps.users import services, vip
from apps.users.admin.giving import REFUSALS, give_or_ask
from apps.users.admin.grants import BY_HAND, ReasonForm
from apps.users.models import Person, VipOverride, VipStanding
from apps.users.promises import promises_from
from diana import clock
from diana.acts import Preview
from diana.audit import Actor
from diana.confirming import confirm_and_act
from diana.labels import labelled
from diana.model_admin import TabularInline
from diana.readonly import ReadOnly

MOST_PEOPLE = 500
COLOURS = {"active": "success", "expiring": "warning", "grace": "warning", "expired": "info", "none": "info"}


def days_field() -> forms.IntegerField:
    """Return the field for the days that are added."""
    return forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=services.LONGEST.days,
        widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Added to the VIP that the person has."),
    )


class ExtendForm(ReasonForm):
    """How many days, and why."""

    days = days_field()
    field_order = ("days", "reason", "key")


class OverrideForm(ReasonForm):
    """On or off, until when, and why."""

    mode = forms.ChoiceField(label=_("Mode"), choices=VipOverride.Mode.choices, widget=UnfoldAdminSelectWidget())
    until = forms.SplitDateTimeField(label=_("Until"), widget=UnfoldAdminSplitDateTimeWidget(), help_text=_("In UTC."))
    field_order = ("mode", "until", "reason", "key")


class ManyForm(ReasonForm):
    """To whom, how many days, from where, and why."""

    people = forms.CharField(widget=forms.HiddenInput)
    source = forms.ChoiceField(
        label=_("source"), choices=[(s.value, s.label) for s in BY_HAND], widget=UnfoldAdminSelectWidget()
    )
    days = days_field()
    field_order = ("source", "days", "reason", "key", "people")

    def clean_people(self) -> list[int]:
        """Return the ids; they came with the page, but anybody can send others."""
        parts = self.cleaned_data["people"].split(",")
        if len(parts) > MOST_PEOPLE or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
            raise forms.ValidationError(_("Choose people from the list, at most %(most)s.") % {"most": MOST_PEOPLE})
        return sorted({int(part) for part in parts})


class OverrideInline(ReadOnly, TabularInline):
    """All that staff forced for the person, newest first."""

    model = VipOverride
    fields = ("mode", "starts_at", "until", "reason", "forced_by", "ended_at", "ended_by")
    ordering = ("-id",)
    extra = 0
    hide_title = True
    verbose_name_plural = _("VIP overrides")


class VipFilter(admin.SimpleListFilter):
    """By what was told last, which the clock corrects each minute."""

    title = _("VIP")
    parameter_name = "vip"
    forced = (("on", _("forced on")), ("off", _("forced off")))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the states in which VIP gives something, and what is forced."""
        states = [(state.value, state.label) for state in VipStanding.State if state not in ("none", "expired")]
        return [*states, *self.forced]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Person]) -> QuerySet[Person]:
        """Keep those of the state, or those for whom it is forced."""
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(Q(vip_standing__state=value) | Q(vip_standing__mode=value))


class VipOfPeople:
    """What the page of people shows of VIP and lets staff do with it."""

    def with_promises(self, people: QuerySet[Person]) -> QuerySet[Person]:
        """Read what the whole page was promised at once."""
        return people.prefetch_related("grants", "vip_overrides")

    @admin.display(description=_("VIP until"))
    def vip_until(self, person: Person) -> str | None:
        """Show the end of effective VIP; in grace that of what it gives."""
        standing = _standing(person)
        end = standing.until or standing.kept_until
        return date_format(localtime(end), "DATETIME_FORMAT") if end else None

    @labelled(description=_("VIP"), label=COLOURS)
    def vip_state(self, person: Person) -> tuple[str, str]:
        """Show the state in its colour."""
        standing = _standing(person)
        label = str(VipStanding.State(standing.state).label)
        forced = f" ({VipOverride.Mode(standing.mode).label})" if standing.mode else ""
        return standing.state, label + forced

    @action(description=_("Extend VIP"), icon="more_time", permissions=["grant_vip"], url_path="extend-vip")  # type: ignore[untyped-decorator]  # unfold has no types
    def extend_vip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many days and why; show it; then give them."""

        person_id = self._found(request, object_id).pk  # type: ignore[attr-defined]
        return give_or_ask(
            self,  # type: ignore[arg-type]
            request,
            ExtendForm(request.POST or None, initial={"key": uuid4().hex}),
            act="extend_vip",
            parameters=lambda data: {"person_id": person_id, "days": data["days"]},
            done=lambda outcome: _("Extended, and recorded."),
            back=reverse("admin:users_person_change", args=[person_id]),
        )

    @action(description=_("Force VIP"), icon="gavel", permissions=["override_vip"], url_path="override-vip")  # type: ignore[untyped-decorator]  # unfold has no types
    def override_vip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what to force, until when and why; show it; then do it."""

        person_id = self._found(request, object_id).pk  # type: ignore[attr-defined]
        return give_or_ask(
            self,  # type: ignore[arg-type]
            request,
            OverrideForm(request.POST or None, initial={"key": uuid4().hex}),
            act="override_vip",
            parameters=lambda data: {
                "person_id": person_id,
                "mode": data["mode"],
                "until": data["until"].astimezone(UTC).isoformat(),
            },
            done=lambda outcome: _("Forced, and recorded."),
            back=reverse("admin:users_person_change", args=[person_id]),
            password_again=True,
        )

    @action(description=_("Clear forced VIP"), icon="restart_alt", permissions=["override_vip"], url_path="clear-vip")  # type: ignore[untyped-decorator]  # unfold has no types
    def clear_vip(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show it; then let the grants count alone."""

        person_id = self._found(request, object_id).pk  # type: ignore[attr-defined]

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            return services.preview_clearing(person_id=person_id, now=clock.now())

        def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
            how = {"reason": data["reason"], "key": data["key"], "actor": actor, "shown": shown, "now": clock.now()}
            services.clear_overrides(person_id=person_id, **how)
            return _("Nothing is forced any more, which is recorded.")

        return confirm_and_act(
            self,  # type: ignore[arg-type]
            request,
            ReasonForm(request.POST or None, initial={"key": uuid4().hex}),
            title=_("Clear forced VIP"),
            back=reverse("admin:users_person_change", args=[person_id]),
            preview=preview,
            act=act,
            refusals=REFUSALS,
            password_again=True,
        )

    def has_override_vip_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to force VIP."""
        return request.user.has_perm("users.override_vip")

    def has_grant_vip_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to add grants."""
        return request.user.has_perm("users.add_grant")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to clear only where something is forced, to extend only where there is something."""
        offered: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # unfold's
        told = VipStanding.objects.filter(person_id=object_id).first()
        useless = set() if told and told.mode else {"clear_vip"}
        if told is None or told.state in ("none", "expired"):
            useless.add("extend_vip")
        return [found for found in offered if not found.action_name.endswith(tuple(useless))]

    @admin.action(description=_("Grant VIP to the chosen people"), permissions=["grant_vip"])
    def grant_many(self, request: HttpRequest, people: QuerySet[Person]) -> HttpResponse | None:
        """Go on to the page that asks how much and why."""
        ids = list(people.order_by("pk").values_list("pk", flat=True)[: MOST_PEOPLE + 1])
        if len(ids) > MOST_PEOPLE:
            text = _("At most %(most)s people at once: for more there is manage.py grant_vip --file.")
            messages.error(request, text % {"most": MOST_PEOPLE})
            return None
        return redirect(f"{reverse('admin:users_person_grant_many')}?people={','.join(map(str, ids))}")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which many are granted VIP."""
        page = self.admin_site.admin_view(self.grant_many_page)  # type: ignore[attr-defined]
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("grant-many/", page, name="users_person_grant_many"), *urls]

    def grant_many_page(self, request: HttpRequest) -> HttpResponse:
        """Ask how much and why; show for how many; then grant it."""
        if not self.has_grant_vip_permission(request):
            raise PermissionDenied
        form = ManyForm(request.POST or None, initial={"key": uuid4().hex, "people": request.GET.get("people", "")})

        return give_or_ask(
            self,  # type: ignore[arg-type]
            request,
            form,
            act="grant_vip_to_many",
            parameters=lambda data: {name: data[name] for name in ("people", "source", "days")},
            done=lambda given: (
                ngettext("%(count)s person was granted VIP.", "%(count)s people were granted VIP.", given)
                % {"count": given}
            ),
            back=reverse("admin:users_person_changelist"),
        )


def _standing(person: Person) -> vip.Standing:
    """Return how the person of a page stands, from what was read for all of it."""
    promises = promises_from(person.grants.all(), person.vip_overrides.all())
    return vip.standing(promises, clock.now())
