"""Addresses: the webhook, the staff's admin, health, metrics."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from diana.health.views import live, ready
from diana.metrics.views import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("health/live", live),
    path("health/ready", ready),
    path("metrics", metrics),
    path("telegram/", include("apps.bot.urls")),
    path("admin/", admin.site.urls),
]
