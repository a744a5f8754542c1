"""Groups in the admin: who let the bot in, how many are there, and what staff decide about it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.bot import decisions
from apps.bot.models import Addition, Group
from diana import clock
from diana.acts import Preview
from diana.admin_search import IndexedSearch
from diana.audit import Actor
from diana.audit.models import REASON_MAX_LENGTH
from diana.confirming import confirm_and_act
from diana.labels import labelled
from diana.model_admin import ModelAdmin
from diana.readonly import ReadOnly

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise as StrOrPromise

State = Group.State
COLOURS: dict[str, str] = {
    State.PENDING: "warning",
    State.APPROVED: "success",
    State.REFUSED: "danger",
    State.LEFT: "info",
}
# What is not offered for a group, by the state that it is in.
DONE = {State.APPROVED: "approve", State.REFUSED: "refuse", State.LEFT: "leave"}


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept for ever beside your name."),
    )


class Presence(admin.SimpleListFilter):
    """Groups that the bot is in, or is out of."""

    title = _("presence of the bot")
    parameter_name = "presence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, "StrOrPromise"]]:
        """Offer both."""
        return [("there", _("the bot is there")), ("gone", _("the bot is gone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Group]) -> QuerySet[Group]:
        """Keep those of the choice."""
        return queryset if self.value() is None else queryset.filter(gone_at__isnull=self.value() == "there")


@admin.register(Group)
class GroupAdmin(IndexedSearch, ReadOnly, ModelAdmin):
    """Filter by state for those that wait. Decisions are made on the page of a group."""

    list_display = ("name", "state_label", "kind", "members", "added_by", "seen_at", "gone_at")
    list_filter = ("state", Presence)
    search_fields = ("=id", "=telegram_id")
    search_help_text = _("Group's id, or its id at Telegram")
    ordering = ("-id",)
    list_before_template = "bot/admin/waiting_groups.html"
    list_per_page = 50
    show_full_result_count = False
    actions_detail = ("approve", "refuse", "leave")
    fieldsets = (
        (None, {"fields": (("title", "state_label"), ("id", "telegram_id"), ("kind", "moved_from"))}),
        (_("Who is there"), {"fields": (("members", "members_at"), ("added_by", "added_at"), ("seen_at", "gone_at"))}),
        (_("What came of it"), {"fields": (("told_unpaid_at", "decided_at"),)}),
    )
    readonly_fields = ("id", "state_label", "added_by", "added_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Read who let the bot in with the page."""
        addition = Addition.objects.filter(chat_id=OuterRef("pk"))
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(
            adder=Subquery(addition.values("person_id")),
            adder_telegram_id=Subquery(addition.values("telegram_id")),
            added=Subquery(addition.values("added_at")),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Say above the list how many wait."""
        waiting = Group.objects.filter(state=State.PENDING).count()
        title = ngettext("Groups: %(n)s waits for a decision", "Groups: %(n)s wait for a decision", waiting)
        said = title % {"n": waiting}
        context = {"title": said, "waiting": said} | (extra_context or {})
        response: HttpResponse = super().changelist_view(request, context)
        return response

    @admin.display(description=_("group"), ordering="id")
    def name(self, group: Group) -> str:
        """Show the title, as far as it is known, with our id."""
        return str(group)

    @labelled(description=_("state"), ordering="state", label=COLOURS)
    def state_label(self, group: Group) -> tuple[str, str]:
        """Show the state in its colour."""
        return group.state, group.get_state_display()

    @admin.display(description=_("added by"))
    def added_by(self, group: Any) -> str:
        """Show the person, or until it is decided the id at Telegram of who is not known."""
        if group.adder is not None:
            address = reverse("admin:users_person_change", args=[group.adder])
            return format_html('<a href="{}">{}</a>', address, _t("person %(id)s") % {"id": group.adder})
        return _t("Telegram id %(id)s") % {"id": group.adder_telegram_id} if group.adder_telegram_id else "–"

    @admin.display(description=_("added at"), ordering=F("added"))
    def added_at(self, group: Any) -> str:
        """Show when the bot was let in."""
        return date_format(localtime(group.added), "DATETIME_FORMAT") if group.added else "–"

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer what would change something."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        group = Group.objects.filter(pk=object_id).first()
        done = DONE.get(State(group.state)) if group else None
        return [found for found in offered if not found.action_name.endswith(f"_{done}")]

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Ask for the permission to decide about groups."""
        return request.user.has_perm("bot.decide_group")

    @action(description=_("Approve"), icon="check_circle", permissions=["decide"], url_path="approve")  # type: ignore[untyped-decorator]  # unfold has no types
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show it; then let acts in the group count."""
        return self._decide(request, object_id, State.APPROVED, _("Approve"), _("Approved, and recorded."))

    @action(description=_("Refuse"), icon="block", permissions=["decide"], url_path="refuse")  # type: ignore[untyped-decorator]  # unfold has no types
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show it; then let nothing count in the group."""
        return self._decide(request, object_id, State.REFUSED, _("Refuse"), _("Refused, and recorded."))

    @action(description=_("Leave"), icon="logout", permissions=["decide"], url_path="leave")  # type: ignore[untyped-decorator]  # unfold has no types
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; show it; then have the bot leave the group."""
        return self._decide(request, object_id, State.LEFT, _("Leave"), _("The bot leaves, which is recorded."))

    def _decide(
        self, request: HttpRequest, object_id: str, state: str, title: "StrOrPromise", done: "StrOrPromise"
    ) -> HttpResponse:
        group = self.get_object(request, object_id)
        if group is None:
            raise Http404

        def preview(data: dict[str, Any], actor: Actor) -> Preview:
            return decisions.preview_decision(group_id=group.pk, state=state)

        def act(data: dict[str, Any], actor: Actor, shown: str) -> "StrOrPromise":
            decisions.decide_group(
                group_id=group.pk, state=state, reason=data["reason"], actor=actor, now=clock.now(), shown=shown
            )
            return done

        return confirm_and_act(
            self,
            request,
            ReasonForm(request.POST or None),
            title=title,
            back=reverse("admin:bot_group_change", args=[group.pk]),
            preview=preview,
            act=act,
            refusals=(decisions.UnknownGroup, decisions.DecidedAlready),
        )
