"""Addresses: the webhook, the staff's admin, liveness."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView


def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("health/live", live),
    path("telegram/", include("apps.bot.urls")),
    path("admin/", admin.site.urls),
]
