"""The second step of adding a version of a rule: what the last seven days would have paid under it."""

from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from apps.gamification import whatif
from apps.gamification.models import RuleVersion
from diana import clock

DAYS = 7
# A request of the admin may take so long; with more people than this a sample is folded.
SECONDS = 5.0
MOST_PEOPLE = 500

CHANGES = ("event_type", "base", "limits", "conditions", "amounts", "capped", "multiplied")


class Previewed:
    """For the admin of rule versions: a valid form is answered with the preview, and saved once that was seen."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the preview before a version is added."""
        if request.method == "POST" and object_id is None and "_previewed" not in request.POST:
            admin: Any = self
            if admin.has_add_permission(request):
                form = admin.get_form(request, None, change=False)(request.POST)
                if form.is_valid():
                    return self._preview(request, form.instance)
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        return answer

    def _preview(self, request: HttpRequest, version: RuleVersion) -> HttpResponse:
        admin: Any = self
        sent = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in ("csrfmiddlewaretoken", "_save")
        ]
        found, problem = preview(version)
        rules = sorted(found.entries_before | found.entries_after) if found else []
        context = {
            "title": _("What the last %(days)s days would have paid") % {"days": DAYS},
            "sent": [*sent, ("_previewed", "1")],
            "found": found,
            "problem": problem,
            "percentiles": [(p, *points) for p, points in found.distribution.items()] if found else [],
            "rules": [
                (r, found.entries_before[r], found.entries_after[r], found.points_before[r], found.points_after[r])
                for r in rules
                if found
            ],
            "opts": admin.opts,
        }
        return render(request, "gamification/admin/preview.html", admin.admin_site.each_context(request) | context)


def preview(version: RuleVersion) -> tuple[whatif.Comparison | None, str]:
    """Return what the last days would have paid under the version, not yet saved, or why nobody can say. Bounded in time."""
    until = clock.now()
    since = until - timedelta(days=DAYS)
    change = {name: getattr(version, name) for name in CHANGES}
    change |= {"limits": version.limits or [], "conditions": version.conditions or []}
    try:
        other = whatif.other_rulebook({version.rule_id: change}, None, since)
        return whatif.compare(other, since=since, until=until, most=MOST_PEOPLE, seconds=SECONDS), ""
    except whatif.InvalidChange as error:
        return None, str(error)
    except OperationalError:
        return None, _("The log is too long for a preview here: use manage.py whatif.")
