"""Achievements in the admin: what there is, its versions, who has unlocked what. Every change goes through a service."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.gamification import services
from apps.gamification.achievements import had_by_people
from apps.gamification.admin.acting import ActForm, confirm_switch, form_for, prepare_and_act, reason_field
from apps.gamification.admin.rules import VersionAdmin
from apps.gamification.models import Achievement, AchievementVersion, Unlock
from diana import clock
from diana.acts import Change, Preview
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.confirming import ConfirmedAdd, confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin, TabularInline
from diana.readonly import ReadOnly

# A page cannot take longer than people wait: of more the command looks at all.
PREVIEWED_PEOPLE = 5000


class AchievementVersionInline(ReadOnly, TabularInline):
    """All versions of an achievement, the newest first."""

    model = AchievementVersion
    fields = ("version", "active_from", "strategy", "config", "tiers", "bonuses", "rewarded", "created_by")
    tab = True


class AchievementForm(forms.ModelForm[Achievement]):
    """A new achievement, which begins inactive."""

    reason = reason_field()

    class Meta:
        model = Achievement
        fields = ("key", "title", "description", "category", "secret", "repeatable")


@admin.register(Achievement)
class AchievementAdmin(IndexedSearch, ConfirmedAdd, ReadOnly, ModelAdmin):
    """What can be achieved, and how many have it."""

    form = AchievementForm
    list_display = ("title", "key", "category", "strategy", "tiers", "had_by", "secret", "state")
    list_filter = ("active", "category", "secret")
    search_fields = ("key", "title")
    search_help_text = _("Part of the key or title")
    ordering = ("-active", "category", "key")
    readonly_fields = ("state", "had_by")
    inlines = (AchievementVersionInline,)
    actions_detail = ("preview", "switch")

    def get_fields(self, request: HttpRequest, obj: Achievement | None = None) -> Any:
        """Ask for the reason of a new one; show state and numbers of one that is there."""
        if obj is None:
            return ("key", "title", "description", "category", "secret", "repeatable", "reason")
        return (("title", "key"), "description", "category", ("secret", "repeatable"), ("state", "had_by"))

    def get_inlines(self, request: HttpRequest, obj: Achievement | None) -> Any:
        """Show versions of what is there."""
        return self.inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Achievement]:
        """Read the versions along, and count who has it."""
        found: QuerySet[Achievement] = super().get_queryset(request)
        return found.prefetch_related("versions").annotate(people=had_by_people())

    @admin.display(description=_("had by"), ordering="people")
    def had_by(self, achievement: Achievement) -> int:
        """Show how many people have it."""
        return achievement.people  # type: ignore[attr-defined,no-any-return]

    @admin.display(description=_("strategy"))
    def strategy(self, achievement: Achievement) -> str:
        """Show the newest version's strategy."""
        newest = _newest(achievement)
        return newest.strategy if newest else "–"

    @admin.display(description=_("tiers"))
    def tiers(self, achievement: Achievement) -> str:
        """Show the newest version's tiers."""
        newest = _newest(achievement)
        return " · ".join(f"{t['tier']} {t['target']}" for t in newest.tiers) if newest else "–"

    @labelled(description=_("state"), label={"active": "success", "inactive": "warning"})
    def state(self, achievement: Achievement) -> tuple[str, str]:
        """Show whether it can be unlocked."""
        return ("active", str(_("active"))) if achievement.active else ("inactive", str(_("inactive")))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask for the permission to add achievements."""
        return request.user.has_perm("gamification.add_achievement")

    def confirm_addition(self, request: HttpRequest, form: AchievementForm) -> HttpResponse:
        """Show what it will be, then add it through the service."""

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            said = [name for name in data if name != "reason"]
            return Preview(tuple(Change(str(form.fields[name].label), "–", data[name]) for name in said), data["key"])

        def act(data: dict[str, Any], actor: Actor, shown: str) -> Any:
            services.add_achievement(actor=actor, now=clock.now(), **data)
            return _("Added, inactive, and recorded: give it a version next.")

        return confirm_and_act(
            self,
            request,
            form,
            title=_("Add an achievement"),
            back=reverse("admin:gamification_achievement_changelist"),
            preview=preview,
            act=act,
            refusals=(services.InvalidAchievement,),
        )

    def has_switch_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to change achievements."""
        return request.user.has_perm("gamification.change_achievement")

    @action(description=_("Switch on or off"), icon="toggle_on", permissions=["switch"], url_path="switch")  # type: ignore[untyped-decorator]  # unfold has no types
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then let it be unlocked or stop that."""
        achievement = _found(self, request, object_id)
        return confirm_switch(
            self,
            request,
            active=achievement.active,
            back=reverse("admin:gamification_achievement_change", args=[achievement.pk]),
            note=_("What was unlocked stays; what lies back counts only after a backfill."),
            switch=lambda data, actor: services.set_achievement_active(
                achievement=achievement.pk,
                active=not achievement.active,
                reason=data["reason"],
                actor=actor,
                now=clock.now(),
            ),
        )

    def has_preview_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to see achievements."""
        return request.user.has_perm("gamification.view_achievement")

    @action(description=_("Who would have it"), icon="visibility", permissions=["preview"], url_path="preview")  # type: ignore[untyped-decorator]  # unfold has no types
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who would have it by its newest version."""
        achievement = _found(self, request, object_id)
        back = reverse("admin:gamification_achievement_change", args=[achievement.pk])
        newest = _newest(achievement)
        try:
            if newest is None:
                raise services.InvalidAchievement(_("It has no version yet: add one first."))
            preview = services.preview_achievement(newest, now=clock.now(), most=PREVIEWED_PEOPLE)
        except services.InvalidAchievement as error:
            messages.error(request, str(error))
            return redirect(back)
        return _show_preview(self, request, preview, title=achievement.title, back=back)


class AchievementVersionForm(forms.ModelForm[AchievementVersion]):
    """A new version; refused here if it could not work. It is shown who would have it before it is kept."""

    reason = reason_field()

    class Meta:
        model = AchievementVersion
        fields = ("achievement", "active_from", "strategy", "config", "tiers", "bonuses", "rewarded")

    def clean(self) -> dict[str, Any]:
        """Ask the service whether the version could work."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                services.check_achievement_version(self.unsaved(data), clock.now())
            except services.InvalidAchievement as error:
                raise forms.ValidationError(str(error)) from error
        return data

    def unsaved(self, data: dict[str, Any]) -> AchievementVersion:
        """Return the version as it would be."""
        values = {name: value for name, value in data.items() if name != "reason"}
        return AchievementVersion(version=1, **values | {"bonuses": values["bonuses"] or {}})


@admin.register(AchievementVersion)
class AchievementVersionAdmin(VersionAdmin):
    """What it took and takes."""

    form = AchievementVersionForm
    list_display = ("achievement", "version", "active_from", "strategy", "tiers", "rewarded", "created_by")
    list_filter = ("achievement", "rewarded")
    list_select_related = ("achievement",)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Show who would have it first; the same form sent from there keeps the version."""
        if request.method == "POST" and "confirmed" not in request.POST and self.has_add_permission(request):
            form = self.get_form(request)(request.POST)
            if form.is_valid():
                version = form.unsaved(form.cleaned_data)
                preview = services.preview_achievement(version, now=clock.now(), most=PREVIEWED_PEOPLE)
                back = reverse("admin:gamification_achievementversion_add")
                sent = [(name, value) for name, values in request.POST.lists() for value in values]
                return _show_preview(self, request, preview, title=version.achievement.title, back=back, sent=sent)
        return super().add_view(request, form_url, extra_context)  # type: ignore[no-any-return]

    def save_model(
        self, request: HttpRequest, obj: AchievementVersion, form: AchievementVersionForm, change: bool
    ) -> None:
        """Add the version through the service."""
        added = services.add_achievement_version(
            achievement=obj.achievement_id,
            active_from=obj.active_from,
            strategy=obj.strategy,
            config=obj.config or {},
            tiers=obj.tiers or [],
            bonuses=obj.bonuses or {},
            rewarded=obj.rewarded,
            reason=form.cleaned_data["reason"],
            actor=Actor.staff(request.user),
            now=min(clock.now(), obj.active_from),
        )
        obj.pk = added.pk
        obj.refresh_from_db()


@admin.register(Unlock)
class UnlockAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Who has what, the newest first."""

    list_display = ("id", "account_id", "achievement", "tier", "period", "state", "unlocked_at", "granted_by")
    list_filter = ("achievement", "tier", "quiet", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("achievement",)
    search_fields = ("=account", "=event_id")
    search_help_text = _("Person's id or event's id")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        ("account_id", "achievement", "version"),
        ("tier", "period", "quiet"),
        ("unlocked_at", "recorded_at"),
        "event_id",
        ("granted_by", "audit"),
        ("revoked_at", "revoked_by", "revocation_audit"),
    )
    readonly_fields = ("account_id",)
    actions_detail = ("revoke",)

    @labelled(description=_("state"), label={"held": "success", "revoked": "danger"})
    def state(self, unlock: Unlock) -> tuple[str, str]:
        """Show whether it stands."""
        return ("revoked", str(_("revoked"))) if unlock.revoked_at else ("held", str(_("held")))

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to revoke."""
        return request.user.has_perm("gamification.revoke_achievement")

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer to revoke only what stands."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return offered if Unlock.objects.filter(pk=object_id, revoked_at=None).exists() else []

    @action(description=_("Revoke"), icon="undo", permissions=["revoke"], url_path="revoke")  # type: ignore[untyped-decorator]  # unfold has no types
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, show what goes, then take it back with its points."""
        unlock = _found(self, request, object_id)
        return prepare_and_act(
            self,
            request,
            form_for(request, ActForm),
            act="revoke_achievement",
            parameters=lambda data: {"unlock_id": unlock.pk},
            back=reverse("admin:gamification_unlock_change", args=[unlock.pk]),
        )


def _newest(achievement: Achievement) -> AchievementVersion | None:
    return next(iter(achievement.versions.all()), None)


def _found(page: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    # Addresses hold a key's underscores quoted.
    found = page.get_object(request, unquote(object_id))
    if found is None:
        raise Http404
    return found


def _show_preview(
    page: ModelAdmin,
    request: HttpRequest,
    preview: services.Preview,
    *,
    title: str,
    back: str,
    sent: list[tuple[str, str]] | None = None,
) -> HttpResponse:
    """Show numbers and samples; with what was sent, a button that sends it once more."""
    tiers = [(tier, number, preview.new[tier]) for tier, number in preview.tiers.items()]
    context = {"title": title, "preview": preview, "tiers": tiers, "back": back, "sent": sent, "opts": page.opts}
    return render(
        request, "gamification/admin/achievement_preview.html", page.admin_site.each_context(request) | context
    )
