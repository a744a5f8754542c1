"""Addresses of the web process: the staff's admin, health, metrics."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from diana.health.views import live, ready
from diana.metrics.views import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("health/live", live),
    path("health/ready", ready),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
]
